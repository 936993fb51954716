import {
  between,
  callback,
  checkByRules,
  DEFAULTS,
  flag,
  HARMLESS,
  isPrinciple,
  natural,
  ON_UNFIT,
  type OnExhausted,
  type OnUnfit,
  oneOf,
  type Principle,
  type Rule,
} from "../../core/index.ts";
import { isJudgeSource, JUDGE_EXPECTED, type JudgeSource } from "./judging.ts";
import { warn } from "./notice.ts";
import type { OnRainEvent } from "./rain-events.ts";

/**
 * How a flagged draft is written again. `prefix`: from the last good sentence on, for models that continue a conversation whose last
 * message is the assistant's. `whole`: from the beginning. `auto`: finds out, by one short call per model, which of them can.
 */
export type ContinuationMode = "prefix" | "whole" | "auto";

/** `silent`: nothing but the accepted text reaches any callback. `traced`: drafts and verdicts are child runs, for debugging. */
export type DraftVisibility = "silent" | "traced";

/** How an answer is critiqued. All optional. */
export interface CritiqueOptions {
  /** What is judged. @default HARMLESS */
  readonly principle?: Principle;
  /** Who judges: an engine or a `ChatRain`, another chat model, or a judge of your own. @default the model that drafts */
  readonly judge?: JudgeSource;
  /**
   * The value from which a text passes; 0 is neither good nor bad. Range [-1, 1].
   * @default 0.05; for an engine's fitted judge, the value that flags 5 % of good answers
   */
  readonly threshold?: number;
  /**
   * Where the judge was measured and is no better than AUROC 0.70, it judges nothing. `plain`: answers pass unjudged, which is told once and
   * said in their metadata. `refuse`: they are `refusal`. `error`: a `JudgeError`. @default "plain"
   */
  readonly onUnfit?: OnUnfit;
  /** How often a flagged draft is left and written again. Each costs a call of the model and at least one verdict. @default 4 */
  readonly retries?: number;
  /** @default "auto" */
  readonly continuation?: ContinuationMode;
  /**
   * Said to the model, as a system message, from the second draft on, such as "Answer without harming anybody." Needed where the same
   * conversation always gets the same answer. @default nothing
   */
  readonly guidance?: string;
  /**
   * When nothing passes. `refuse`: the answer ends, as `refusal` if nothing was released yet, with finish reason "content_filter".
   * `best`: the best that was found is taken, however bad. `error`: a `RainViolationError`. @default "refuse"
   */
  readonly onExhausted?: OnExhausted;
  /** @default "I am sorry, but I cannot help with that." */
  readonly refusal?: string;
  /** How many of the principle's examples a local engine reads first, as in `RainOptions`. @default 10 */
  readonly judgeExamples?: number;
  /** Asked before each verdict for a signal that limits it, such as `() => AbortSignal.timeout(2000)`. @default no limit */
  readonly judgeSignal?: () => AbortSignal | undefined;
  /** @default "silent" */
  readonly drafts?: DraftVisibility;
  /** Told of every rewind and commit, as it happens; LangChain's callbacks get the same as custom event "rain". */
  readonly onRainEvent?: OnRainEvent;
  /** Told what a person should know although it works: that a local engine judges badly. @default a process warning */
  readonly onNotice?: (notice: string) => void;
  /** Lets rewind events carry the text that was left: unsafe text, for demonstrations. @default false */
  readonly revealDiscarded?: boolean;
}

/** Options with nothing left out but the judge, who may be the model, and the threshold, which follows from the judge. */
export type CritiqueSettings = Required<Omit<CritiqueOptions, "judge" | "threshold">> & {
  readonly judge: JudgeSource | undefined;
  readonly threshold: number | undefined;
};

export const CRITIQUE_DEFAULTS: CritiqueSettings = {
  principle: HARMLESS,
  judge: undefined,
  threshold: undefined,
  onUnfit: DEFAULTS.onUnfit,
  retries: 4,
  continuation: "auto",
  guidance: "",
  onExhausted: "refuse",
  refusal: DEFAULTS.refusal,
  judgeExamples: DEFAULTS.judgeExamples,
  judgeSignal: () => undefined,
  drafts: "silent",
  onRainEvent: () => undefined,
  onNotice: warn,
  revealDiscarded: false,
};

/** A rule for each option. */
export type Rules<Options> = { readonly [Name in keyof Options]: Rule };

/**
 * The given options, without what was left out.
 *
 * @throws {OptionError} for an unknown name, with a guess at the known one, or a value that cannot be meant
 */
export function checked<Given extends object>(given: Given, rules: Rules<Required<Given>>): Given {
  checkByRules(given, { ...rules });
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Given;
}

export const sentence: Rule = { expected: "a text that is not empty", isMet: (value) => typeof value === "string" && value.trim() !== "" };

export const CRITIQUE_RULES: Rules<Required<CritiqueOptions>> = {
  principle: { expected: "a principle (a built-in one, or the result of `principle()`)", isMet: isPrinciple },
  judge: { expected: JUDGE_EXPECTED, isMet: isJudgeSource },
  threshold: between(-1, 1),
  onUnfit: oneOf(ON_UNFIT),
  retries: natural,
  continuation: oneOf(["prefix", "whole", "auto"]),
  guidance: { expected: "a text", isMet: (value) => typeof value === "string" },
  onExhausted: oneOf(["refuse", "best", "error"]),
  refusal: sentence,
  judgeExamples: natural,
  judgeSignal: callback,
  drafts: oneOf(["silent", "traced"]),
  onRainEvent: callback,
  onNotice: callback,
  revealDiscarded: flag,
};
