import type { SampledToken, Sampling, Token, TokenCandidate } from "./engine.ts";
import { EngineError } from "./errors.ts";
import { randomAt } from "./random.ts";
import { softmax } from "./softmax.ts";

/**
 * Draws the token at `position` from the `topK` likeliest candidates, which stand in descending order of their logits.
 * Pure: the same arguments give the same token.
 *
 * @throws {EngineError} `decode-failed`, for logits that are no numbers
 */
export function drawToken(likeliest: readonly TokenCandidate[], position: number, sampling: Sampling): SampledToken {
  const candidates = possible(likeliest, position);
  const own = probabilitiesOf(candidates, sampling.temperature || 1);
  const index = sampling.temperature === 0 ? 0 : drawIndex(candidates, position, sampling);
  return { token: (candidates[index] as TokenCandidate).token, probability: own[index] as number };
}

/**
 * The candidates for `position`, in descending order of their logits, with their probabilities among these candidates.
 *
 * @throws {EngineError} `decode-failed`, for logits that are no numbers
 */
export function withProbabilities(likeliest: readonly TokenCandidate[], position: number): SampledToken[] {
  const candidates = possible(likeliest, position);
  const probabilities = probabilitiesOf(candidates, 1);
  return candidates.map(({ token }, index) => ({ token, probability: probabilities[index] as number }));
}

/** The natural logarithms of all probabilities, by token: the log-softmax. Where a logit is no number, all of them are none. */
export function logProbabilities(logits: ReadonlyMap<Token, number>): Float32Array {
  const found = new Float32Array(logits.size);
  for (const [token, logit] of logits) found[token] = logit;
  return toLogProbabilities(found);
}

function toLogProbabilities(logits: Float32Array): Float32Array {
  let highest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) if (logit > highest) highest = logit;
  let total = 0;
  for (const logit of logits) total += Math.exp(logit - highest);
  const shift = highest + Math.log(total);
  for (let token = 0; token < logits.length; token++) logits[token] = (logits[token] as number) - shift;
  return logits;
}

/** The candidates that can be drawn at all. */
function possible(candidates: readonly TokenCandidate[], position: number): readonly TokenCandidate[] {
  const found = candidates.filter(({ logit }) => logit !== Number.NEGATIVE_INFINITY);
  const damaged = found.find(({ logit }) => !Number.isFinite(logit));
  if (damaged === undefined && found.length > 0) return found;
  const complaint = `Expected finite logits at position ${position}, got \`${(damaged ?? candidates[0])?.logit}\``;
  throw new EngineError("decode-failed", `${complaint} (the model or its cache is damaged)`);
}

/** In the order of the candidates. */
function probabilitiesOf(candidates: readonly TokenCandidate[], temperature: number): number[] {
  return softmax(
    candidates.map(({ logit }) => logit),
    temperature,
  );
}

/** The fewest leading probabilities that reach `topP` together. */
function nucleus(probabilities: readonly number[], topP: number): readonly number[] {
  const last = runningSums(probabilities).findIndex((reached) => reached >= topP);
  return last < 0 ? probabilities : probabilities.slice(0, last + 1);
}

/** Where the running sum of the nucleus passes a random share of its total. */
function drawIndex(candidates: readonly TokenCandidate[], position: number, { temperature, topP, seed }: Sampling): number {
  const sums = runningSums(nucleus(probabilitiesOf(candidates, temperature), topP));
  const share = randomAt(seed, position) * (sums.at(-1) as number);
  return Math.max(
    0,
    sums.findIndex((sum) => sum > share),
  );
}

function runningSums(weights: readonly number[]): number[] {
  let sum = 0;
  return weights.map((weight) => {
    sum += weight;
    return sum;
  });
}
