import { deriveSeed, randomAt } from "./core/index.ts";

/** Where a figure lies with 95 % confidence. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** A share, with its interval. */
export interface Rate extends Interval {
  readonly rate: number;
}

const Z95 = 1.959964;

/** Share of `hits` among `n` trials with Wilson's 95 % interval, which stays inside [0, 1] and is honest at both ends. */
export function wilson(hits: number, n: number): Rate {
  if (n === 0) return { rate: Number.NaN, low: 0, high: 1 };
  const rate = hits / n;
  const spread = Z95 ** 2 / n;
  const centre = (rate + spread / 2) / (1 + spread);
  const half = (Z95 / (1 + spread)) * Math.sqrt((rate * (1 - rate)) / n + spread / (4 * n));
  return { rate, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

const RESAMPLES = 1000;
const SEED = deriveSeed(1, 0xd1ce);

/** Where a statistic of these values lies: percentiles of what 1,000 resamples of them come to, always the same ones (bootstrap). */
export function bootstrap(values: readonly number[], statisticOf: (values: readonly number[]) => number): Interval {
  const found = resampled(values, statisticOf);
  return { low: quantile(found, 0.025), high: quantile(found, 0.975) };
}

/** How likely it is by chance that the mean of these differences is as far from 0, on either side (bootstrap; 0.001 at least). */
export function bootstrapTest(differences: readonly number[]): number {
  const means = resampled(differences, mean);
  const beyond = Math.min(means.filter((one) => one <= 0).length, means.filter((one) => one >= 0).length);
  return Math.min(1, Math.max(1, 2 * beyond) / RESAMPLES);
}

/**
 * McNemar's exact test of pairs: how likely it is by chance that of `gained + lost` pairs whose sides differ so uneven a split is found,
 * either way round. Pairs whose sides agree say nothing.
 */
export function mcnemar(gained: number, lost: number): number {
  const n = gained + lost;
  let term = -n * Math.LN2;
  let tail = 0;
  for (let k = 0; k <= Math.min(gained, lost); k++) {
    tail += Math.exp(term);
    term += Math.log(n - k) - Math.log(k + 1);
  }
  return Math.min(1, 2 * tail);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((left, right) => left - right)[Math.round(share * (values.length - 1))] as number;
}

function resampled(values: readonly number[], statisticOf: (values: readonly number[]) => number): readonly number[] {
  let drawn = 0;
  const draw = () => values[Math.floor(randomAt(SEED, ++drawn) * values.length)] as number;
  return Array.from({ length: RESAMPLES }, () => statisticOf(values.map(draw)));
}
