/** From which values on an answer passes, and from which one is taken in place of what was flagged. */
import { LRUCache } from "lru-cache";
import type { Acceptance, Settings, Thresholds } from "../core/index.ts";
import { thresholdFor } from "./metrics.ts";

/** What a judge said of a labelled answer that it was not fitted on. */
export interface AnswerValues {
  /** Of the whole answer. Range [-1, 1]. */
  readonly whole: number;
  /** The lowest of all checks of its beginnings, as one flag is enough; missing where it has none. Range [-1, 1]. */
  readonly lowest?: number | undefined;
}

/** What a judge said of the good and of the bad ones among them, by one way of asking. At least one of each. */
export interface MeasuredValues {
  readonly ofGood: readonly AnswerValues[];
  readonly ofBad: readonly AnswerValues[];
}

/**
 * Of the flags that good answers may get, so many may be for their beginnings: what catches most bad answers, and of what catches as many the earliest flags.
 * Where a beginning tells as much as the whole, as on the embedded model, that is half of them; where it tells less, fewer.
 */
const FOR_BEGINNINGS = [0.5, 0.3, 0.2, 0.1] as const;

/** Of judges in use, what follows from their hundreds of values: each answer asks for it. Thresholds by the false flags that were asked for. */
const THRESHOLDS = new WeakMap<MeasuredValues, LRUCache<number, Thresholds>>();
const ACCEPTANCES = new WeakMap<MeasuredValues, Acceptance>();

/** The thresholds at which, of the good answers that the judge was measured on, at most `falseFlags` are flagged, for their beginnings or as a whole. */
export function thresholdsFor(judge: MeasuredValues, { falseFlags, threshold }: Pick<Settings, "falseFlags" | "threshold">): Thresholds {
  if (falseFlags === undefined) return { whole: threshold, beginning: threshold };
  const known = THRESHOLDS.get(judge) ?? new LRUCache({ max: 16 });
  THRESHOLDS.set(judge, known);
  const thresholds = known.get(falseFlags) ?? bestThresholds(judge, falseFlags);
  known.set(falseFlags, thresholds);
  return thresholds;
}

function bestThresholds({ ofGood, ofBad }: MeasuredValues, falseFlags: number): Thresholds {
  const ways = FOR_BEGINNINGS.map((share) => thresholdsAt(ofGood, { falseFlags, forBeginnings: share * falseFlags }));
  const caught = ({ whole, beginning }: Thresholds) =>
    ofBad.filter((bad) => bad.whole < whole || (bad.lowest !== undefined && bad.lowest < beginning)).length;
  return ways.reduce((best, way) => (caught(way) > caught(best) ? way : best));
}

/** @param shares of all good answers */
function thresholdsAt(
  good: readonly AnswerValues[],
  { falseFlags, forBeginnings }: { readonly falseFlags: number; readonly forBeginnings: number },
): Thresholds {
  const beginning = beginningThresholdFor(good, forBeginnings);
  // What is flagged for its beginning costs no second flag.
  const left = good.map(({ whole, lowest = 1 }) => (lowest < beginning ? -1 : whole));
  return { whole: thresholdFor(left, falseFlags), beginning };
}

/** @param share of all answers, with and without beginnings */
function beginningThresholdFor(answers: readonly AnswerValues[], share: number): number {
  const lowest = answers.flatMap((values) => values.lowest ?? []);
  if (lowest.length === 0) return -1;
  return thresholdFor(lowest, Math.min(share * answers.length, lowest.length - 1) / lowest.length);
}

/** Of flagged answers that are bad, so many may be taken for good in the end, whatever number of them is tried. */
const BAD_ACCEPTED = 0.25;

/** Of good answers so many may be left: one that is like the worst of them is likely none. */
const GOOD_LEFT = 0.1;

/**
 * What nine good answers in ten reach, and of so many bad ones as are tried only one in four times any. A search that takes the first of sixty which
 * reaches what one bad answer in four does would nearly always find a bad one: the more are tried, the fewer of them may pass.
 */
export function acceptanceOf(judge: MeasuredValues): Acceptance {
  const acceptance = ACCEPTANCES.get(judge) ?? acceptanceBy(judge);
  ACCEPTANCES.set(judge, acceptance);
  return acceptance;
}

function acceptanceBy({ ofGood, ofBad }: MeasuredValues): Acceptance {
  const whole = leastAccepted(wholes(ofGood), wholes(ofBad));
  const beginning = leastAccepted(lowests(ofGood), lowests(ofBad));
  return (tries) => ({ whole: whole(tries), beginning: beginning(tries) });
}

/** By the number of tries. Nothing is known, and nothing asked, where there are none of the one or the other kind. */
function leastAccepted(good: readonly number[], bad: readonly number[]): (tries: number) => number {
  if (good.length === 0 || bad.length === 0) return () => -1;
  const least = quantileOf(sorted(good), GOOD_LEFT);
  const byValue = sorted(bad);
  return (tries) => Math.max(least, quantileOf(byValue, 1 - BAD_ACCEPTED / tries));
}

function wholes(answers: readonly AnswerValues[]): number[] {
  return answers.map(({ whole }) => whole);
}

function lowests(answers: readonly AnswerValues[]): number[] {
  return answers.flatMap(({ lowest }) => lowest ?? []);
}

function sorted(values: readonly number[]): number[] {
  return values.toSorted((left, right) => left - right);
}

/** The value below which this share of them is. @param sorted ascending @param share range [0, 1) */
function quantileOf(sorted: readonly number[], share: number): number {
  return sorted[Math.floor(share * sorted.length)] as number;
}
