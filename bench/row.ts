import { bootstrap, quantile } from "../src/evaluation/index.ts";
import type { Run } from "./run.ts";

/** What a ratio compares; all are those of one process, measured by turns. */
export const RATIOS = {
  price: "wall time of an answer, adaptive over plain decoding",
  throughput: "tokens per second, all at once over one at a time",
  guard: "wall time of an answer, plain with a guard over plain alone",
  native: "tokens per second, plain decoding over llama.cpp alone",
} as const;

/** A line of the table. */
export interface Row extends Spread, Counts {
  readonly name: string;
  readonly mode: "adaptive" | "vanilla";
  /** What `ratio` compares. */
  readonly compares: (typeof RATIOS)[keyof typeof RATIOS];
  readonly pairs: number;
  /** Share of the answers that are token for token those they are compared with. Left out where nothing is written but time. */
  readonly identical?: number;
  /** Time to the first release, in units of a token's time in plain decoding: the median. The prompt is in the cache. */
  readonly firstRelease?: number;
  /** Tokens that were drawn behind the very first one before anything was released: the most of all answers. */
  readonly firstReleaseTokens?: number;
}

/** Where ratios lie. */
export interface Spread {
  /** The median, and its 95 % interval (bootstrap). */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  /** The 95th percentile of the pairs. */
  readonly p95: number;
}

/** Per emitted token. */
export interface Counts {
  readonly fpe: number;
  readonly spe: number;
  readonly epe: number;
  /** Tokens that were drawn in vain. */
  readonly waste: number;
  /** Tokens drawn behind a token before it is released. */
  readonly heldBack: number;
}

export function spreadOf(ratios: readonly number[]): Spread {
  return { ratio: median(ratios), ...bootstrap(ratios, median), p95: quantile(ratios, 0.95) };
}

export function countsOf(runs: readonly Run[]): Counts {
  // A refusal emits nothing: where all answers are refused, cost per emitted token is cost per token at least.
  const emitted = Math.max(
    1,
    sum(runs, ({ answer }) => answer.meter.emitted),
  );
  return {
    fpe: sum(runs, ({ answer }) => answer.meter.forward) / emitted,
    spe: sum(runs, ({ answer }) => answer.cost.spe * Math.max(1, answer.meter.emitted)) / emitted,
    epe: sum(runs, ({ answer }) => answer.meter.evaluations) / emitted,
    waste: sum(runs, ({ answer }) => answer.discarded) / emitted,
    heldBack: sum(runs, ({ waited }) => waited) / emitted,
  };
}

/** Share of the runs that wrote the same tokens as their counterparts. */
export function identicalShare(runs: readonly Run[], others: readonly Run[]): number {
  return sum(runs, ({ tokens }, index) => (tokens.join(" ") === others[index]?.tokens.join(" ") ? 1 : 0)) / runs.length;
}

export function sum<Item>(items: readonly Item[], amountOf: (item: Item, index: number) => number): number {
  return items.reduce((total, item, index) => total + amountOf(item, index), 0);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
