import type { SampledToken, Sampling, Token } from "./engine/engine.ts";
import { randomAt } from "./random.ts";

/** A token the model might say next. */
export interface Candidate {
  readonly token: Token;
  readonly logit: number;
}

/**
 * Draws the token at `position` from the `topK` likeliest candidates, which stand in descending order of their logits.
 * Pure: the same arguments give the same token.
 */
export function drawToken(candidates: readonly Candidate[], position: number, sampling: Sampling): SampledToken {
  checkLogits(candidates, position);
  const own = softmax(candidates, sampling.temperature || 1);
  const index = sampling.temperature === 0 ? 0 : drawIndex(candidates, position, sampling);
  return { token: (candidates[index] as Candidate).token, probability: own[index] as number };
}

/** The candidates for `position`, in descending order of their logits, with their probabilities among these candidates. */
export function withProbabilities(candidates: readonly Candidate[], position: number): SampledToken[] {
  checkLogits(candidates, position);
  const probabilities = softmax(candidates, 1);
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

function checkLogits(candidates: readonly Candidate[], position: number): void {
  const damaged = candidates.find(({ logit }) => !Number.isFinite(logit));
  if (damaged === undefined && candidates.length > 0) return;
  throw new RangeError(`Expected finite logits at position ${position}, got \`${damaged?.logit}\` (the model or its cache is damaged)`);
}

/** Probabilities that sum to 1, in the order of the candidates. */
function softmax(candidates: readonly Candidate[], temperature: number): number[] {
  const highest = (candidates[0] as Candidate).logit;
  const weights = candidates.map(({ logit }) => Math.exp((logit - highest) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** The fewest leading probabilities that reach `topP` together. */
function nucleus(probabilities: readonly number[], topP: number): readonly number[] {
  const last = runningSums(probabilities).findIndex((reached) => reached >= topP);
  return last < 0 ? probabilities : probabilities.slice(0, last + 1);
}

/** Where the running sum of the nucleus passes a random share of its total. */
function drawIndex(candidates: readonly Candidate[], position: number, { temperature, topP, seed }: Sampling): number {
  const sums = runningSums(nucleus(softmax(candidates, temperature), topP));
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
