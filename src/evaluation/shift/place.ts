import type { Token } from "../../core/index.ts";
import type { Pair } from "./layout.ts";

/** How far the base model is from what the aligned one says, as the URIAL paper names it. */
export const SHIFTS = ["unshifted", "marginal", "shifted"] as const;

export type Shift = (typeof SHIFTS)[number];

/** The last rank that counts as a marginal shift (URIAL). */
const LAST_MARGINAL = 3;

export function shiftOf(rank: number): Shift {
  if (rank === 1) return "unshifted";
  return rank <= LAST_MARGINAL ? "marginal" : "shifted";
}

/** What both models expected in the place of one token. */
export interface Comparison {
  /** One more than there are tokens that the base model finds likelier. Tokens that are as likely share the better rank. From 1 on. */
  readonly rank: number;
  /** The token's probability with each model. */
  readonly probability: Pair<number>;
  /** What the base model finds likeliest; of equals the first in the vocabulary. */
  readonly favourite: Token;
  /** KL(aligned || base) in nats, over the whole vocabulary. 0 where both expect the same; `Infinity` where the base model rules out what may be. */
  readonly divergence: number;
}

/** Compares two distributions, given as logarithms, at one token. */
export function compareAt(token: Token, { base, aligned }: Pair<Float32Array>): Comparison {
  const own = base[token] as number;
  let rank = 1;
  let favourite = 0;
  let divergence = 0;
  for (let other = 0; other < base.length; other++) {
    const logarithm = base[other] as number;
    if (logarithm > own) rank++;
    if (logarithm > (base[favourite] as number)) favourite = other;
    const expected = aligned[other] as number;
    const weight = Math.exp(expected);
    if (weight > 0) divergence += weight * (expected - logarithm);
  }
  const probability = { base: Math.exp(own), aligned: Math.exp(aligned[token] as number) };
  // It is never negative; its last digits may be.
  return { rank, probability, favourite, divergence: Math.max(0, divergence) };
}
