/** How often a judge may speak against what people write, before either it errs or something is going on that people should look at. */
import { type Rate, wilson } from "../../statistics.ts";
import type { Judged } from "./store/store.ts";

/** Fewer messages against which a judge speaks say nothing. */
const FEWEST_HITS = 8;

/** Fewer messages of the last days say nothing. */
const FEWEST_JUDGED = 200;

/** A day may differ from the days before by so much. */
const MOST_OF_USUAL = 3;

/**
 * The share of messages that is flagged at most, as far as one can expect.
 *
 * @param fitness the lower end of its AUROC's interval. A judge that flags harmless messages as often as it overlooks others errs in at most
 *   sqrt((1 - AUROC) / 2) of either, as its ROC curve is concave. Range [0, 1]
 * @param past what was judged on the days before
 */
export function expectedHits(fitness: number, past: Judged): number {
  const byCalibration = Math.sqrt((1 - fitness) / 2);
  if (past.judged < FEWEST_JUDGED) return byCalibration;
  const usual = rateOf(past).high;
  return Math.min(usual * MOST_OF_USUAL, Math.max(byCalibration, usual));
}

/** Whether so many of the newest messages are surely more than that. */
export function isBeyond(newest: Judged, expected: number): boolean {
  return newest.against >= FEWEST_HITS && rateOf(newest).low > expected;
}

function rateOf({ judged, against }: Judged): Rate {
  return wilson(against, judged);
}
