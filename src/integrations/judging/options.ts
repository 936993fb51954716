/** How texts of a model are judged and written again, whatever framework it is called by: one line for each option. */
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
  type RainOptions,
  type Rule,
} from "../../core/index.ts";
import { type OnRainEvent, warn } from "./events.ts";

/** How an answer is judged and written again. All optional; what means the same in the core is declared there. */
export interface TextJudgingOptions
  extends Pick<RainOptions, "principle" | "refusal" | "judgeExamples" | "judgeSignal" | "revealDiscarded"> {
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
  /** Told of every rewind and commit, as it happens. */
  readonly onRainEvent?: OnRainEvent;
  /** Told what a person should know although it works: that a local engine judges badly. @default a process warning */
  readonly onNotice?: (notice: string) => void;
}

/** Options with nothing left out but the threshold, which follows from the judge. */
export type TextJudgingSettings = Required<Omit<TextJudgingOptions, "threshold">> & { readonly threshold: number | undefined };

/** Something to say. */
export const sentence: Rule = { expected: "a text that is not empty", isMet: (value) => typeof value === "string" && value.trim() !== "" };

/** Each option: what it must be, and what it is where it is left out. */
export const TEXT_JUDGING_TABLE: OptionTable<TextJudgingOptions, TextJudgingSettings> = {
  principle: [{ expected: "a principle (a built-in one, or the result of `principle()`)", isMet: isPrinciple }, HARMLESS],
  threshold: [between(-1, 1), undefined],
  onUnfit: [oneOf(ON_UNFIT), DEFAULTS.onUnfit],
  retries: [natural, 4],
  guidance: [{ expected: "a text", isMet: (value) => typeof value === "string" }, ""],
  onExhausted: [oneOf(["refuse", "best", "error"]), "refuse"],
  refusal: [sentence, DEFAULTS.refusal],
  judgeExamples: [natural, DEFAULTS.judgeExamples],
  judgeSignal: [callback, () => undefined],
  onRainEvent: [callback, () => undefined],
  onNotice: [callback, warn],
  revealDiscarded: [flag, false],
};

/** One line for each option, with its rule and its default. */
export type OptionTable<Options, Settings extends { readonly [Name in keyof Options]-?: unknown }> = {
  readonly [Name in keyof Options]-?: readonly [rule: Rule, byDefault: Settings[Name]];
};

/** The defaults of a table. */
export function defaultsOf<Settings>(table: { readonly [Name in keyof Settings]: readonly [Rule, Settings[Name]] }): Settings {
  return Object.fromEntries(Object.entries<readonly [Rule, unknown]>(table).map(([name, [, byDefault]]) => [name, byDefault])) as Settings;
}

/**
 * The given options, without what was left out.
 *
 * @throws {OptionError} for an unknown name, with a guess at the known one, or a value that cannot be meant
 */
export function checked<Given extends object>(given: Given, table: { readonly [Name in keyof Given]-?: readonly [Rule, unknown] }): Given {
  const rules = Object.entries<readonly [Rule, unknown]>(table).map(([name, [rule]]) => [name, rule]);
  checkByRules(given, Object.fromEntries(rules));
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Given;
}
