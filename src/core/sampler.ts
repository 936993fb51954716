import type { SampledToken, Sampling, Token, TokenCandidate } from "./engine.ts";
import { EngineError } from "./errors.ts";

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

/** Where the running sum of what is left passes a random share of its total. */
function drawIndex(candidates: readonly TokenCandidate[], position: number, sampling: Sampling): number {
  const [first, end] = rangeLeft(probabilitiesOf(candidates, 1), position, sampling);
  const sums = runningSums(probabilitiesOf(candidates.slice(first, end), sampling.temperature));
  const share = randomAt(sampling.seed, position) * (sums.at(-1) as number);
  return (
    first +
    Math.max(
      0,
      sums.findIndex((sum) => sum > share),
    )
  );
}

/** Which candidates are left, in llama.cpp's order: the nucleus, those that are likely enough, all but the top choices. What is first and what is behind the last. */
function rangeLeft(probabilities: readonly number[], position: number, sampling: Sampling): readonly [number, number] {
  const { topP, minP = 0 } = sampling;
  const nucleus = lengthOr(probabilities.length, runningSums(probabilities).findIndex((reached) => reached >= topP) + 1);
  const least = minP * (probabilities[0] as number);
  const end = lengthOr(
    nucleus,
    probabilities.slice(0, nucleus).findIndex((probability) => probability < least),
  );
  return [topChoices(probabilities.slice(0, end), position, sampling), end];
}

/** What was found, or all. */
function lengthOr(all: number, found: number): number {
  return found > 0 ? found : all;
}

/** How many of the likeliest are left out. */
function topChoices(
  probabilities: readonly number[],
  position: number,
  { seed, xtcProbability = 0, xtcThreshold = 0.1 }: Sampling,
): number {
  if (xtcProbability === 0 || randomAt(deriveSeed(seed, XTC), position) >= xtcProbability) return 0;
  const total = probabilities.reduce((sum, probability) => sum + probability, 0);
  // Above one half there is never more than one.
  const top = probabilities.filter((probability) => probability >= xtcThreshold * total).length;
  return Math.max(0, top - 1);
}

/** Names the random numbers that XTC draws. */
const XTC = 1;

function runningSums(weights: readonly number[]): number[] {
  let sum = 0;
  return weights.map((weight) => {
    sum += weight;
    return sum;
  });
}

/** Probabilities that sum to 1, in the order of the logits. A higher temperature levels them out; above 0. */
export function softmax(logits: readonly number[], temperature = 1): number[] {
  const highest = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp((logit - highest) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/**
 * Random numbers that are functions of what they are for. Nothing here has state, so nothing depends on the order in which
 * batches, branches and requests were run.
 */

/** A number in [0, 1) that depends on `seed` and `index` alone (both are taken as 32-bit integers). */
export function randomAt(seed: number, index: number): number {
  return mix(mix(seed) ^ Math.imul(index + 1, 0x9e3779b9)) / 2 ** 32;
}

/** A new seed, a non-negative 32-bit integer, for the part of the work named by `label`. */
export function deriveSeed(seed: number, ...label: readonly number[]): number {
  return label.reduce((derived, part) => mix(derived ^ Math.imul(part + 1, 0x85ebca6b)), mix(seed));
}

/** The finaliser of MurmurHash3 over the next Weyl step: every input bit changes every output bit with probability near 1/2. */
function mix(value: number): number {
  let mixed = (value + 0x6d2b79f5) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
