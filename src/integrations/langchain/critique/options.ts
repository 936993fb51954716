import { oneOf } from "../../../core/index.ts";
import { type OptionTable, TEXT_JUDGING_TABLE, type TextJudgingOptions, type TextJudgingSettings } from "../../judging/options.ts";
import { isJudgeSource, JUDGE_EXPECTED, type JudgeSource } from "../judges.ts";

/**
 * How a flagged draft is written again. `prefix`: from the last good sentence on, for models that continue a conversation whose last
 * message is the assistant's. `whole`: from the beginning. `auto`: finds out, by one short call per model, which of them can.
 */
export type ContinuationMode = "prefix" | "whole" | "auto";

/** `silent`: nothing but the accepted text reaches any callback. `traced`: drafts and verdicts are child runs, for debugging. */
export type DraftVisibility = "silent" | "traced";

/** How an answer is critiqued. All optional; what means the same in the core is declared there. */
export interface CritiqueOptions extends TextJudgingOptions {
  /** What judges: an engine or a `ChatRain`, another chat model, or a judge of your own. @default the model that drafts */
  readonly judge?: JudgeSource;
  /** @default "auto" */
  readonly continuation?: ContinuationMode;
  /** @default "silent" */
  readonly drafts?: DraftVisibility;
}

/** Options with nothing left out but the judge, which may be the model, and the threshold, which follows from the judge. */
export type CritiqueSettings = TextJudgingSettings &
  Required<Omit<CritiqueOptions, keyof TextJudgingOptions | "judge">> & { readonly judge: JudgeSource | undefined };

/** Each option: what it must be, and what it is where it is left out. */
export const CRITIQUE_TABLE: OptionTable<CritiqueOptions, CritiqueSettings> = {
  ...TEXT_JUDGING_TABLE,
  judge: [{ expected: JUDGE_EXPECTED, isMet: isJudgeSource }, undefined],
  continuation: [oneOf(["prefix", "whole", "auto"]), "auto"],
  drafts: [oneOf(["silent", "traced"]), "silent"],
};
