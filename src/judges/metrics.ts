/** How well values tell good answers from bad ones. Pure functions; all throw RangeError for answers of which nothing can be said. */
import { deriveSeed, randomAt } from "../core/index.ts";
import { type Interval, mean, quantile } from "../statistics.ts";

/** A labelled answer, and what a judge says of it. */
export interface Scored {
  /** -1 (bad) to 1 (good). */
  readonly value: number;
  readonly good: boolean;
  /** What it answers: answers to one prompt are alike, and drawn together. */
  readonly group: string;
}

export interface AurocIntervalOptions {
  /** How sure the interval is. Above 0, below 1. @default 0.95 */
  readonly level?: number;
  /** Resamples. @default 1000 */
  readonly draws?: number;
  readonly seed: number;
}

/** The threshold that parts good from bad answers best. */
export interface BestThreshold {
  /** Half-way between two values, or the lowest value where none is better than passing all. */
  readonly threshold: number;
  readonly balancedAccuracy: number;
}

/** Answers of about the same value. */
export interface ReliabilityBin {
  /** Bounds of p(good), which is (value + 1) / 2. The last bin holds its upper bound, too. */
  readonly from: number;
  readonly to: number;
  readonly n: number;
  /** Mean of p(good). */
  readonly expected: number;
  /** Share of good answers. */
  readonly observed: number;
}

/** What one threshold does. Shares, 0 to 1. */
export interface RocPoint {
  /** Of the good answers: how many are flagged. */
  readonly goodFlagged: number;
  /** Of the bad answers: how many are flagged. */
  readonly badCaught: number;
}

/** How likely a good answer has the higher value of a good and a bad one; the same value counts half. 0.5 is guessing, 1 is perfect. */
export function auroc(scored: readonly Scored[]): number {
  return weightedAuroc(tiesOf(scored), () => 1);
}

/**
 * Where the AUROC lies: percentiles of what resamples of the prompts come to. The same seed draws the same ones. A resample without good
 * or without bad answers has no AUROC, and is left out.
 *
 * @throws {RangeError} also for answers to one prompt only, and options out of their range
 */
export function aurocInterval(scored: readonly Scored[], { level = 0.95, draws = 1000, seed }: AurocIntervalOptions): Interval {
  const ties = tiesOf(scored);
  const groups = [...new Set(scored.map(({ group }) => group))];
  if (groups.length < 2) throw new RangeError("Expected answers to at least 2 prompts to draw from, got those to 1");
  if (!(level > 0 && level < 1)) throw new RangeError(`Expected \`level\` to be above 0 and below 1, got ${level}`);
  if (!(Number.isSafeInteger(draws) && draws > 0)) throw new RangeError(`Expected \`draws\` to be a positive integer, got ${draws}`);
  const found: number[] = [];
  for (let draw = 0; draw < draws; draw++) {
    const times = timesDrawn(groups, deriveSeed(seed, draw));
    const one = weightedAuroc(ties, ({ group }) => times.get(group) ?? 0);
    if (!Number.isNaN(one)) found.push(one);
  }
  if (found.length === 0) throw new RangeError(`Expected a resample of good and bad answers among ${draws}, got none (draw more)`);
  return { low: quantile(found, (1 - level) / 2), high: quantile(found, (1 + level) / 2) };
}

/** Area under the curve of precision over recall where bad answers are to be found, as average precision. Guessing gets the share of bad ones. */
export function prAuc(scored: readonly Scored[]): number {
  const { bad } = countsOf(scored);
  let [flagged, caught, area] = [0, 0, 0];
  for (const tie of tiesOf(scored)) {
    const more = tie.filter(({ good }) => !good).length;
    flagged += tie.length;
    caught += more;
    // Divided once, in the end: what is perfect comes to 1 and not to a digit more.
    area += more * (caught / flagged);
  }
  return area / bad;
}

/** F1 of finding bad answers, which are flagged below the threshold. 0 to 1. */
export function f1At(scored: readonly Scored[], threshold: number): number {
  const { bad } = countsOf(scored);
  checkNumber(threshold, "threshold");
  const flagged = scored.filter(({ value }) => value < threshold);
  return (2 * flagged.filter(({ good }) => !good).length) / (flagged.length + bad);
}

/** Mean of the shares of good answers that pass this threshold, and of bad ones that are flagged below it. 0.5 is guessing. */
export function balancedAccuracyAt(scored: readonly Scored[], threshold: number): number {
  const counts = countsOf(scored);
  checkNumber(threshold, "threshold");
  const passed = scored.filter(({ value, good }) => good && value >= threshold).length;
  const caught = scored.filter(({ value, good }) => !good && value < threshold).length;
  return (passed / counts.good + caught / counts.bad) / 2;
}

/** The threshold of the highest balanced accuracy; of several, the lowest. On the answers that it was chosen by it is flattered. */
export function bestBalancedAccuracy(scored: readonly Scored[]): BestThreshold {
  const { good, bad } = countsOf(scored);
  const ties = tiesOf(scored);
  let best: BestThreshold = { threshold: tieValue(ties[0]), balancedAccuracy: 0.5 };
  let [goodFlagged, badCaught] = [0, 0];
  for (const [index, tie] of ties.slice(0, -1).entries()) {
    const more = tie.filter((one) => !one.good).length;
    badCaught += more;
    goodFlagged += tie.length - more;
    const balancedAccuracy = ((good - goodFlagged) / good + badCaught / bad) / 2;
    if (balancedAccuracy > best.balancedAccuracy) best = { threshold: between(tieValue(tie), tieValue(ties[index + 1])), balancedAccuracy };
  }
  return best;
}

/** How far p(good) = (value + 1) / 2 is from the share of good answers, over answers of about the same value. 0 is perfect, 1 the worst. */
export function expectedCalibrationError(scored: readonly Scored[], bins = 10): number {
  const off = reliability(scored, bins).map(({ n, expected, observed }) => n * Math.abs(expected - observed));
  return off.reduce((sum, one) => sum + one, 0) / scored.length;
}

/** What p(good) = (value + 1) / 2 is worth, in bins of the same width; those without answers are left out. */
export function reliability(scored: readonly Scored[], bins = 10): readonly ReliabilityBin[] {
  countsOf(scored);
  if (!(Number.isSafeInteger(bins) && bins > 0)) throw new RangeError(`Expected \`bins\` to be a positive integer, got ${bins}`);
  const outside = scored.find(({ value }) => value < -1 || value > 1);
  if (outside !== undefined) throw new RangeError(`Expected values from -1 to 1, got ${outside.value}`);
  const held = Array.from({ length: bins }, (): Scored[] => []);
  for (const one of scored) held[Math.min(Math.floor(likelihoodOf(one) * bins), bins - 1)]?.push(one);
  return held.flatMap((ofBin, index) => {
    if (ofBin.length === 0) return [];
    const [expected, observed] = [mean(ofBin.map(likelihoodOf)), mean(ofBin.map(({ good }) => Number(good)))];
    return [{ from: index / bins, to: (index + 1) / bins, n: ofBin.length, expected, observed }];
  });
}

/** What each threshold does, from flagging nothing to flagging all: the corners of the curve, thinned evenly to at most `most` points. */
export function rocCurve(scored: readonly Scored[], most = 41): readonly RocPoint[] {
  const { good, bad } = countsOf(scored);
  if (!(Number.isSafeInteger(most) && most >= 2)) throw new RangeError(`Expected \`most\` to be an integer of 2 or more, got ${most}`);
  // Counted in answers, so that what lies on a line does so exactly.
  const counted = [{ x: 0, y: 0 }];
  for (const tie of tiesOf(scored)) {
    const before = counted.at(-1) as Point;
    const more = tie.filter((one) => !one.good).length;
    const point = { x: before.x + tie.length - more, y: before.y + more };
    if (isOnLine(counted.at(-2), before, point)) counted.pop();
    counted.push(point);
  }
  return thinned(counted, most).map(({ x, y }) => ({ goodFlagged: x / good, badCaught: y / bad }));
}

/** Share of bad answers below the highest threshold that flags at most this share of the good ones. @throws {RangeError} for a share outside [0, 1) */
export function caughtAt(scored: readonly Scored[], shareOfGoodFlagged: number): number {
  countsOf(scored);
  const valuesOf = (isGood: boolean) => scored.filter(({ good }) => good === isGood).map(({ value }) => value);
  const threshold = thresholdFor(valuesOf(true), shareOfGoodFlagged);
  return mean(valuesOf(false).map((value) => Number(value < threshold)));
}

/**
 * The largest threshold at which at most this share of good answers is flagged, which are those with a lower value.
 *
 * @param share 0 to below 1: all may be flagged at any threshold
 */
export function thresholdFor(goodValues: readonly number[], share: number): number {
  if (goodValues.length === 0) throw new RangeError("Expected values of good answers, got none");
  for (const value of goodValues) checkNumber(value, "value");
  if (!(share >= 0 && share < 1)) throw new RangeError(`Expected a share of good answers from 0 to below 1, got ${share}`);
  const n = goodValues.length;
  // A product may be rounded to either side of a whole number; what was promised is a quotient.
  let flagged = Math.ceil(share * n);
  while (flagged / n > share) flagged--;
  return goodValues.toSorted((left, right) => left - right)[flagged] as number;
}

/** Answers of the same value. */
type Tie = readonly Scored[];

/** From the lowest value to the highest. */
function tiesOf(scored: readonly Scored[]): readonly Tie[] {
  countsOf(scored);
  const ties: Scored[][] = [];
  for (const one of scored.toSorted((left, right) => left.value - right.value)) {
    const last = ties.at(-1);
    if (last?.[0]?.value === one.value) last.push(one);
    else ties.push([one]);
  }
  return ties;
}

/** `NaN` where the good or the bad answers weigh nothing. */
function weightedAuroc(ties: readonly Tie[], weightOf: (one: Scored) => number): number {
  let [good, bad, won] = [0, 0, 0];
  for (const tie of ties) {
    let [goodHere, badHere] = [0, 0];
    for (const one of tie) {
      if (one.good) goodHere += weightOf(one);
      else badHere += weightOf(one);
    }
    won += goodHere * (bad + badHere / 2);
    good += goodHere;
    bad += badHere;
  }
  return won / (good * bad);
}

/** How often each of as many draws, with replacement, has come to a group. */
function timesDrawn(groups: readonly string[], seed: number): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (let index = 0; index < groups.length; index++) {
    const group = groups[Math.floor(randomAt(seed, index) * groups.length)] as string;
    times.set(group, (times.get(group) ?? 0) + 1);
  }
  return times;
}

function tieValue(tie: Tie | undefined): number {
  return tie?.[0]?.value ?? Number.NaN;
}

/** That it is good, says its value. */
function likelihoodOf({ value }: Scored): number {
  return (value + 1) / 2;
}

/** Above `low`, and at most `high`, also where no number lies between them or one of them is infinite. */
function between(low: number, high: number): number {
  const middle = low / 2 + high / 2;
  return middle > low && middle < high ? middle : high;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function isOnLine(first: Point | undefined, middle: Point, last: Point): boolean {
  return first !== undefined && (middle.x - first.x) * (last.y - first.y) === (middle.y - first.y) * (last.x - first.x);
}

/** The first, the last, and some that are spread evenly over those between them. */
function thinned(points: readonly Point[], most: number): readonly Point[] {
  if (points.length <= most) return points;
  return Array.from({ length: most }, (_, index) => points[Math.round((index * (points.length - 1)) / (most - 1))] as Point);
}

/** How many answers are good and bad. @throws {RangeError} where there are none of a kind, or one has no value */
function countsOf(scored: readonly Scored[]): { readonly good: number; readonly bad: number } {
  if (scored.length === 0) throw new RangeError("Expected answers with values, got none");
  for (const { value } of scored) checkNumber(value, "value");
  const good = scored.filter((one) => one.good).length;
  const bad = scored.length - good;
  if (good === 0 || bad === 0) throw new RangeError(`Expected good and bad answers, got ${good} good and ${bad} bad ones`);
  return { good, bad };
}

function checkNumber(value: number, name: string): void {
  if (Number.isNaN(value)) throw new RangeError(`Expected a ${name} that is a number, got NaN`);
}
