/** From which values on an answer passes, and from which one is taken in place of what was flagged. */
import type { Settings } from "../core/index.ts";
import type { FittedJudge } from "./fitted-judge.ts";
import { thresholdFor } from "./metrics.ts";

/** What a judge said of a labelled answer that it was not fitted on. */
export interface AnswerValues {
  /** Of the whole answer. Range [-1, 1]. */
  readonly whole: number;
  /** The lowest of all checks of its beginnings, as one flag is enough; missing where it has none. Range [-1, 1]. */
  readonly lowest?: number | undefined;
}

export interface Thresholds {
  readonly whole: number;
  readonly beginning: number;
}

/**
 * Of the flags that good answers may get, so many may be for their beginnings. A beginning tells less than a whole answer does: with half of the flags on
 * beginnings, a judge of Qwen 0.5B caught 75 of 100 bad answers at 20 % false flags, with a tenth of them 94.
 */
const FOR_BEGINNINGS = 0.1;

/** The thresholds at which, of the good answers that the judge was measured on, at most `falseFlags` are flagged, for their beginnings or as a whole. */
export function thresholdsFor({ ofGood }: FittedJudge, { falseFlags, threshold }: Pick<Settings, "falseFlags" | "threshold">): Thresholds {
  if (falseFlags === undefined) return { whole: threshold, beginning: threshold };
  const beginning = beginningThresholdFor(ofGood, falseFlags * FOR_BEGINNINGS);
  // What is flagged for its beginning costs no second flag.
  const left = ofGood.map(({ whole, lowest: early = 1 }) => (early < beginning ? -1 : whole));
  return { whole: thresholdFor(left, falseFlags), beginning };
}

/** @param share of all answers, with and without beginnings */
function beginningThresholdFor(answers: readonly AnswerValues[], share: number): number {
  const lowest = answers.flatMap((values) => values.lowest ?? []);
  if (lowest.length === 0) return -1;
  return thresholdFor(lowest, Math.min(share * answers.length, lowest.length - 1) / lowest.length);
}

/** Of bad answers, so many may be taken in place of a flagged one. */
const BAD_ACCEPTED = 0.25;

/** The values that one bad answer in four reaches. */
export function acceptanceOf({ ofBad }: FittedJudge): { readonly acceptance: number; readonly beginningAcceptance: number | undefined } {
  const reached = (values: readonly number[]) =>
    values.toSorted((left, right) => left - right)[Math.floor((1 - BAD_ACCEPTED) * values.length)];
  return {
    acceptance: reached(ofBad.map(({ whole }) => whole)) as number,
    beginningAcceptance: reached(ofBad.flatMap(({ lowest }) => lowest ?? [])),
  };
}
