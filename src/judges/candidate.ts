import { auroc, aurocInterval, bestBalancedAccuracy, expectedCalibrationError, type Scored } from "./metrics.ts";

/** One way to judge, as it was measured on answers that it was not fitted on. */
export interface Candidate {
  readonly name: string;
  readonly chosen: boolean;
  readonly auroc: number;
  /** The 95 % interval of it, over prompts. */
  readonly low: number;
  readonly high: number;
  /** At the best threshold for these answers. */
  readonly balancedAccuracy: number;
  readonly ece: number;
  /** The same AUROC on beginnings of 16 tokens and less; `undefined` where only whole answers are judged. */
  readonly aurocOfBeginnings: number | undefined;
  /** Tokens computed for a verdict, beside those of the answer itself; of a quotation with the answer's. */
  readonly tokensPerVerdict: number;
  /** Milliseconds for a verdict, where there was a clock. */
  readonly milliseconds: number | undefined;
}

/** What a judge has said of labelled answers. */
export interface MeasuredJudge {
  /** Of each whole answer. */
  readonly whole: readonly Scored[];
  readonly beginnings: readonly Scored[];
  /** Of a judge that checks while an answer is written: the lowest value of its beginnings, of each answer; `undefined` where there is none. */
  readonly lowest?: readonly (number | undefined)[];
  readonly cost: { readonly tokens: number; readonly milliseconds: number | undefined };
  readonly chosen: boolean;
}

export function candidate(name: string, { whole, beginnings, cost, chosen }: MeasuredJudge): Candidate {
  const { low, high } = aurocInterval(whole, { seed: INTERVAL_SEED });
  const hasBoth = new Set(beginnings.map(({ good }) => good)).size === 2;
  return {
    name,
    chosen,
    auroc: auroc(whole),
    low,
    high,
    balancedAccuracy: bestBalancedAccuracy(whole).balancedAccuracy,
    ece: expectedCalibrationError(whole),
    aurocOfBeginnings: hasBoth ? auroc(beginnings) : undefined,
    tokensPerVerdict: cost.tokens,
    milliseconds: cost.milliseconds,
  };
}

/** The same draws for every interval, so that figures can be compared and repeated. */
export const INTERVAL_SEED = 1;
