/** A linear read-out of what a model expects next: one dot product a verdict. No weight of the model is touched. */

import { setImmediate } from "node:timers/promises";
import { CholeskyDecomposition, Matrix } from "ml-matrix";
import type { Token } from "../core/index.ts";
import { auroc } from "./metrics.ts";

/** Plain data, kept as JSON. The logits of `tokens`, less their mean, times `weights`, plus `bias`, are the log odds of a good answer. */
export interface Readout {
  readonly tokens: readonly Token[];
  readonly weights: readonly number[];
  readonly bias: number;
}

/** What was read behind a labelled answer, or a beginning of one. */
export interface Reading {
  /** In the order of the read-out's tokens. */
  readonly logits: readonly number[];
  readonly good: boolean;
  /** Readings of one group are never split between folds: answers to one prompt, and the beginnings of one answer. */
  readonly group: string;
  /** How much it counts in the fit. @default 1 */
  readonly weight?: number;
}

/** A read-out, and what it would have said of each reading had it not been fitted on it. */
export interface FittedReadout {
  readonly readout: Readout;
  /** Log odds of a good answer, one for each reading. */
  readonly outOfFold: readonly number[];
  /** Which read-out never saw the answers to a prompt: for more readings of the same answers. */
  readonly withoutGroup: (group: string) => Readout;
  readonly auroc: number;
}

/** Folds of the cross-validation. */
const FOLDS = 5;

/** Strengths of the ridge that are tried, in units of the mean variance of a feature. */
const RIDGES = [0.1, 0.3, 1, 3, 10] as const;

/** Logits that hardly differ between answers are noise: they are not blown up to the size of the others. Share of the mean deviation. */
const DEVIATION_FLOOR = 0.5;

/** Log odds of a good answer. `NaN` where a logit is none, or missing. */
export function logOdds({ weights, bias }: Readout, logits: readonly number[]): number {
  if (logits.length !== weights.length) return Number.NaN;
  const mean = meanOf(logits);
  return logits.reduce((sum, logit, index) => sum + (weights[index] as number) * (logit - mean), bias);
}

/**
 * Ridge regression on the labels, each kind weighing the same; its strength is chosen by cross-validation, and its scores are made log odds by
 * Platt's scaling of those out of fold. As the tokens are fewer than the readings, the primal form is the smaller one of the same solution.
 *
 * @throws {RangeError} when there are readings of one kind only, or fewer groups than folds
 */
export function fitReadout(tokens: readonly Token[], readings: readonly Reading[]): FittedReadout {
  const fitting = fittingReadout(tokens, readings);
  let next = fitting.next();
  while (!next.done) next = fitting.next();
  return next.value;
}

/**
 * The same in small steps: a fit takes a second or two, and between any two steps whatever else the process does comes to its turn.
 *
 * @throws {RangeError} as `fitReadout`, and the reason of `signal`
 */
export async function fitReadoutInSteps(
  tokens: readonly Token[],
  readings: readonly Reading[],
  signal?: AbortSignal,
): Promise<FittedReadout> {
  const fitting = fittingReadout(tokens, readings);
  for (let next = fitting.next(); ; next = fitting.next()) {
    if (next.done) return next.value;
    await setImmediate();
    signal?.throwIfAborted();
  }
}

function* fittingReadout(tokens: readonly Token[], readings: readonly Reading[]): Generator<undefined, FittedReadout, undefined> {
  const groups = foldsOf(readings);
  const features = standardised(readings);
  const parts: Moments[] = [];
  for (let fold = 0; fold < FOLDS; fold++) {
    yield;
    parts.push(moments(features.rows, readings, (index) => groups[index] === fold));
  }
  const tried: { ridge: number; fits: readonly Direction[]; scores: readonly number[]; auroc: number }[] = [];
  for (const ridge of RIDGES) {
    const fits: Direction[] = [];
    for (const left of parts) {
      yield;
      fits.push(solve(sumOf(parts.filter((part) => part !== left)), ridge));
    }
    const scores = features.rows.map((row, index) => {
      const { weights, offset } = fits[groups[index] as number] as Direction;
      return dot(row, weights) + offset;
    });
    tried.push({ ridge, fits, scores, auroc: auroc(scored(scores, readings)) });
  }
  yield;
  const best = tried.reduce((left, right) => (right.auroc > left.auroc ? right : left));
  const scaling = plattScaling(best.scores, readings);
  const asReadout = (direction: Direction): Readout => {
    const weights = direction.weights.map((weight, index) => (scaling.slope * weight) / (features.deviations[index] as number));
    const offset = weights.reduce(
      (sum, weight, index) => sum - weight * (features.means[index] as number),
      scaling.slope * direction.offset,
    );
    return { tokens, weights, bias: scaling.offset + offset };
  };
  const foldOf = new Map(readings.map(({ group }, index) => [group, groups[index] as number]));
  return {
    readout: asReadout(solve(sumOf(parts), best.ridge)),
    withoutGroup: (group) => asReadout(best.fits[foldOf.get(group) ?? 0] as Direction),
    outOfFold: best.scores.map((score) => scaling.slope * score + scaling.offset),
    auroc: best.auroc,
  };
}

/** What a reading was, and how much it counts. */
type WeightedLabel = Pick<Reading, "good" | "weight">;

/** How scores become log odds: `slope * score + offset`. */
export interface Scaling {
  readonly slope: number;
  readonly offset: number;
}

/**
 * Logistic regression on one score, with the targets that Platt (1999) gives, so that a perfect judge stays finite, and what weighs less counting less.
 * By Newton's method.
 */
export function plattScaling(scores: readonly number[], labels: readonly WeightedLabel[]): Scaling {
  const [fitted] = logistic(
    scores.map((score) => [score]),
    labels,
  );
  return fitted;
}

/** Logistic regression on a few scores: the weight of each, and the offset behind them. */
export function logistic(rows: readonly (readonly number[])[], labels: readonly WeightedLabel[]): readonly [Scaling, readonly number[]] {
  const sum = (of: readonly WeightedLabel[]) => of.reduce((total, { weight = 1 }) => total + weight, 0);
  // Twice the weight everywhere is not twice as many answers.
  const unit = sum(labels) / labels.length;
  const good = sum(labels.filter((label) => label.good)) / unit;
  const bad = labels.length - good;
  const targets = labels.map((label) => (label.good ? (good + 1) / (good + 2) : 1 / (bad + 2)));
  const width = (rows[0]?.length ?? 0) + 1;
  const inputs = rows.map((row) => [...row, 1]);
  let weights = Array.from({ length: width }, () => 0);
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const gradient = Array.from({ length: width }, () => 0);
    const curvature = Matrix.eye(width).mul(NEWTON_DAMPING);
    inputs.forEach((input, index) => {
      const p = sigmoid(dot(input, weights));
      const weight = ((labels[index] as WeightedLabel).weight ?? 1) / unit;
      for (let i = 0; i < width; i++) {
        gradient[i] = (gradient[i] as number) + weight * (p - (targets[index] as number)) * (input[i] as number);
        for (let j = 0; j < width; j++)
          curvature.set(i, j, curvature.get(i, j) + weight * p * (1 - p) * ((input[i] as number) * (input[j] as number)));
      }
    });
    const change = new CholeskyDecomposition(curvature).solve(Matrix.columnVector(gradient)).to1DArray();
    weights = weights.map((weight, index) => weight - (change[index] as number));
  }
  return [{ slope: weights[0] as number, offset: weights.at(-1) as number }, weights];
}

const NEWTON_STEPS = 30;
const NEWTON_DAMPING = 1e-6;

export function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

/** Folds of about the same size, each with whole groups, in an order that depends on the groups' names alone. */
export function foldsOf(readings: readonly Pick<Reading, "good" | "group">[]): readonly number[] {
  const groups = [...new Set(readings.map(({ group }) => group))].toSorted((left, right) => hash(left) - hash(right));
  const foldOf = new Map(groups.map((group, index) => [group, index % FOLDS]));
  if (groups.length < FOLDS) throw new RangeError(`Expected labelled answers to at least ${FOLDS} different prompts, got ${groups.length}`);
  if (new Set(readings.map(({ good }) => good)).size < 2) throw new RangeError("Expected good and bad answers, got one kind only");
  return readings.map(({ group }) => foldOf.get(group) as number);
}

/** FNV-1a: a fixed order that has nothing to do with the order of a file. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return value;
}

interface Features {
  readonly rows: readonly (readonly number[])[];
  readonly means: readonly number[];
  readonly deviations: readonly number[];
}

/** The logits of a reading less their mean, as a model's logits mean the same whatever is added to all; then each token's less its own mean. */
function standardised(readings: readonly Reading[]): Features {
  const centred = readings.map(({ logits }) => {
    const mean = meanOf(logits);
    return logits.map((logit) => logit - mean);
  });
  const width = centred[0]?.length ?? 0;
  const means = Array.from({ length: width }, (_, index) => meanOf(centred.map((row) => row[index] as number)));
  const spread = means.map((mean, index) => Math.sqrt(meanOf(centred.map((row) => ((row[index] as number) - mean) ** 2))));
  const floor = DEVIATION_FLOOR * meanOf(spread);
  // Where nothing ever differs, there is nothing to be told from it.
  const deviations = spread.map((deviation) => deviation + floor || 1);
  const rows = centred.map((row) => row.map((value, index) => (value - (means[index] as number)) / (deviations[index] as number)));
  return { rows, means, deviations };
}

/** Sums over readings: what a ridge regression needs to know of them. */
interface Moments {
  /** Of products of two features. */
  readonly products: Matrix;
  readonly good: Sums;
  readonly bad: Sums;
  readonly count: number;
}

/** Of each feature over the readings of one kind, and of their weights. */
interface Sums {
  readonly features: readonly number[];
  readonly weight: number;
}

function moments(rows: readonly (readonly number[])[], readings: readonly Reading[], isTaken: (index: number) => boolean): Moments {
  const taken = rows.flatMap((row, index) => (isTaken(index) ? [{ row, reading: readings[index] as Reading }] : []));
  const width = rows[0]?.length ?? 0;
  const roots = taken.map(({ row, reading: { weight = 1 } }) => row.map((value) => value * Math.sqrt(weight)));
  const matrix = roots.length === 0 ? Matrix.zeros(1, width) : new Matrix(roots);
  const sums = (isGood: boolean): Sums => {
    const ofKind = taken.filter(({ reading: { good } }) => good === isGood);
    return {
      features: Array.from({ length: width }, (_, column) =>
        ofKind.reduce((sum, { row, reading: { weight = 1 } }) => sum + (row[column] as number) * weight, 0),
      ),
      weight: ofKind.reduce((sum, { reading: { weight = 1 } }) => sum + weight, 0),
    };
  };
  return { products: matrix.transpose().mmul(matrix), good: sums(true), bad: sums(false), count: taken.length };
}

function sumOf(parts: readonly Moments[]): Moments {
  const both = (left: Sums, right: Sums): Sums => ({
    features: left.features.map((feature, index) => feature + (right.features[index] as number)),
    weight: left.weight + right.weight,
  });
  return parts.reduce((left, right) => ({
    products: Matrix.add(left.products, right.products),
    good: both(left.good, right.good),
    bad: both(left.bad, right.bad),
    count: left.count + right.count,
  }));
}

/** Half-way between the good and the bad answers that it was learned from, a direction says 0: so directions of several folds can be compared. */
interface Direction {
  readonly weights: readonly number[];
  readonly offset: number;
}

/**
 * Each kind weighs the same among the readings that are learned from. Were it so among all of them, those that are left out would be told by what is
 * missing: a fold with many good answers would get high scores for that alone.
 */
function solve({ products, good, bad, count }: Moments, ridge: number): Direction {
  // In units of the mean sum of squares of a reading, as a Gram matrix of trace n has: the strengths mean the same for any model.
  const unit = products.trace() / count || 1;
  const system = Matrix.add(products, Matrix.eye(products.rows).mul(ridge * unit));
  const [meanGood, meanBad] = [good, bad].map(({ features, weight }) => features.map((feature) => (weight > 0 ? feature / weight : 0)));
  const labels = (meanGood as number[]).map((feature, index) => count * (feature - ((meanBad as number[])[index] as number)));
  const weights = new CholeskyDecomposition(system).solve(Matrix.columnVector(labels)).to1DArray();
  const middle = (meanGood as number[]).map((feature, index) => (feature + ((meanBad as number[])[index] as number)) / 2);
  return { weights, offset: -dot(weights, middle) };
}

function scored(scores: readonly number[], readings: readonly Reading[]) {
  return scores.map((value, index) => ({ value, good: (readings[index] as Reading).good, group: (readings[index] as Reading).group }));
}

function dot(left: readonly number[], right: readonly number[]): number {
  return left.reduce((sum, value, index) => sum + value * (right[index] as number), 0);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
