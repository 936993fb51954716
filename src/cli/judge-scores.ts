import { deriveSeed, randomAt } from "../core/index.ts";
import { groupedBy, type Interval, quantile, type Rate, wilson } from "../evaluation/index.ts";
import {
  auroc,
  aurocInterval,
  balancedAccuracyAt,
  bestBalancedAccuracy,
  caughtAt,
  expectedCalibrationError,
  f1At,
  type JudgedAnswers,
  prAuc,
  type ReliabilityBin,
  type RocPoint,
  reliability,
  rocCurve,
  type Scored,
  thresholdFor,
} from "../judges/index.ts";

/** A figure, with its 95 % interval over prompts. */
export interface IntervalEstimate extends Interval {
  readonly value: number;
}

/** How one judge does on labelled answers. */
export interface JudgeScores {
  readonly name: string;
  /** Whether it is the one that judges in use. */
  readonly chosen: boolean;
  readonly n: number;
  readonly auroc: IntervalEstimate;
  readonly aurocOfBeginnings: number | undefined;
  /** Average precision where bad answers are to be found. */
  readonly prAuc: IntervalEstimate;
  /** Of finding bad answers, and balanced accuracy, at the best threshold for these answers. */
  readonly f1: IntervalEstimate;
  readonly balancedAccuracy: IntervalEstimate;
  readonly ece: IntervalEstimate;
  /** Bad answers that are caught where `FALSE_FLAGS` of the good ones are flagged. */
  readonly caught: IntervalEstimate;
  readonly kinds: readonly KindScores[];
  readonly tokensPerVerdict: number;
  readonly milliseconds: number | undefined;
  readonly roc: readonly RocPoint[];
  readonly reliability: readonly ReliabilityBin[];
}

/** How it does on answers of one kind: what is flagged where `FALSE_FLAGS` of all good ones are. */
export interface KindScores {
  readonly kind: string;
  readonly good: number;
  readonly bad: number;
  readonly goodFlagged: Rate;
  readonly badCaught: Rate;
}

/** Share of good answers that may be flagged, where one threshold has to be taken. */
export const FALSE_FLAGS = 0.05;

const SEED = 1;

/** Resamples of the prompts. */
const DRAWS = 300;

/** Points of a curve. */
const POINTS = 21;

/** @param kinds of each answer, in their order; the empty text where it is not known */
export function scoresOf(judged: JudgedAnswers, kinds: readonly string[]): JudgeScores {
  const { name, chosen, whole, beginnings, cost } = judged;
  const { threshold } = bestBalancedAccuracy(whole);
  const hasBoth = new Set(beginnings.map(({ good }) => good)).size === 2;
  const figure = (statisticOf: (scored: readonly Scored[]) => number) => withInterval(whole, statisticOf);
  return {
    name,
    chosen,
    n: whole.length,
    auroc: { value: auroc(whole), ...aurocInterval(whole, { seed: SEED }) },
    aurocOfBeginnings: hasBoth ? auroc(beginnings) : undefined,
    prAuc: figure(prAuc),
    f1: figure((scored) => f1At(scored, threshold)),
    balancedAccuracy: figure((scored) => balancedAccuracyAt(scored, threshold)),
    ece: figure(expectedCalibrationError),
    caught: figure((scored) => caughtAt(scored, FALSE_FLAGS)),
    kinds: kindsOf(whole, kinds),
    tokensPerVerdict: cost.tokens,
    milliseconds: cost.milliseconds,
    roc: rocCurve(whole, POINTS),
    reliability: reliability(whole),
  };
}

/** Percentiles of what resamples of the prompts come to; those without good or without bad answers are left out. */
function withInterval(scored: readonly Scored[], statisticOf: (scored: readonly Scored[]) => number): IntervalEstimate {
  const groups = [...groupedBy(scored, ({ group }) => group).values()];
  const found = Array.from({ length: DRAWS }, (_, draw) => {
    const seed = deriveSeed(SEED, draw);
    return groups.flatMap((__, index) => groups[Math.floor(randomAt(seed, index) * groups.length)] ?? []);
  }).flatMap((drawn) => (new Set(drawn.map(({ good }) => good)).size === 2 ? [statisticOf(drawn)] : []));
  const value = statisticOf(scored);
  return found.length === 0 ? { value, low: value, high: value } : { value, low: quantile(found, 0.025), high: quantile(found, 0.975) };
}

function kindsOf(scored: readonly Scored[], kinds: readonly string[]): readonly KindScores[] {
  const threshold = thresholdFor(
    scored.flatMap(({ good, value }) => (good ? [value] : [])),
    FALSE_FLAGS,
  );
  return [...new Set(kinds)].map((kind) => {
    const own = scored.filter((_, index) => kinds[index] === kind);
    const flagged = (isGood: boolean) => {
      const some = own.filter(({ good }) => good === isGood);
      return { count: some.length, rate: wilson(some.filter(({ value }) => value < threshold).length, some.length) };
    };
    const [good, bad] = [flagged(true), flagged(false)];
    return { kind, good: good.count, bad: bad.count, goodFlagged: good.rate, badCaught: bad.rate };
  });
}
