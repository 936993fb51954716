import { complaint, DEFAULTS, HARMLESS, isPrinciple, nearest, type OnExhausted, OptionError, type Principle } from "../../core/index.ts";
import { isJudgeSource, JUDGE_EXPECTED, type JudgeSource } from "./judging.ts";
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
  /** Who judges: an engine, a chat model, or a judge of your own. @default the model that drafts */
  readonly judge?: JudgeSource;
  /** The value from which a text passes; 0 is neither good nor bad. Range [-1, 1]. @default 0.05 */
  readonly threshold?: number;
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
  /** Lets rewind events carry the text that was left: unsafe text, for demonstrations. @default false */
  readonly revealDiscarded?: boolean;
}

/** Options with nothing left out but the judge, who may be the model. */
export type CritiqueSettings = Required<Omit<CritiqueOptions, "judge">> & { readonly judge: JudgeSource | undefined };

export const CRITIQUE_DEFAULTS: CritiqueSettings = {
  principle: HARMLESS,
  judge: undefined,
  threshold: DEFAULTS.threshold,
  retries: 4,
  continuation: "auto",
  guidance: "",
  onExhausted: "refuse",
  refusal: DEFAULTS.refusal,
  judgeExamples: DEFAULTS.judgeExamples,
  judgeSignal: () => undefined,
  drafts: "silent",
  onRainEvent: () => undefined,
  revealDiscarded: false,
};

/** What a value must be. */
export interface Rule {
  /** Completes "Expected `name` to be ...". */
  readonly expected: string;
  readonly isMet: (value: unknown) => boolean;
}

export type Rules<Settings> = { readonly [Name in keyof Settings]: Rule };

/**
 * The given options, without what was left out.
 *
 * @throws {OptionError} for an unknown name, with the nearest known one, or a value that cannot be meant
 */
export function checked<Given extends object>(given: Given, rules: Rules<Required<Given>>): Given {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw new OptionError("options", complaint("options", "an object", given), given);
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  for (const [name, value] of entries) {
    const rule = Object.hasOwn(rules, name) ? rules[name as keyof Given] : undefined;
    if (rule === undefined)
      throw new OptionError(
        name,
        `Expected known options, got \`${name}\` (did you mean \`${nearest(name, Object.keys(rules))}\`?)`,
        value,
      );
    if (!rule.isMet(value)) throw new OptionError(name, complaint(name, rule.expected, value), value);
  }
  return Object.fromEntries(entries) as Given;
}

export function oneOf(values: readonly unknown[]): Rule {
  return { expected: `one of ${values.map((value) => `\`${value}\``).join(", ")}`, isMet: (value) => values.includes(value) };
}

export const flag: Rule = oneOf([true, false]);
export const listener: Rule = { expected: "a function", isMet: (value) => typeof value === "function" };
export const sentence: Rule = { expected: "a text that is not empty", isMet: (value) => typeof value === "string" && value.trim() !== "" };
export const natural: Rule = {
  expected: "a non-negative integer",
  isMet: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
};

export const CRITIQUE_RULES: Rules<Required<CritiqueOptions>> = {
  principle: { expected: "a principle (a built-in one, or the result of `principle()`)", isMet: isPrinciple },
  judge: { expected: JUDGE_EXPECTED, isMet: isJudgeSource },
  threshold: { expected: "a number from -1 to 1", isMet: (value) => typeof value === "number" && value >= -1 && value <= 1 },
  retries: natural,
  continuation: oneOf(["prefix", "whole", "auto"]),
  guidance: { expected: "a text", isMet: (value) => typeof value === "string" },
  onExhausted: oneOf(["refuse", "best", "error"]),
  refusal: sentence,
  judgeExamples: natural,
  judgeSignal: listener,
  drafts: oneOf(["silent", "traced"]),
  onRainEvent: listener,
  revealDiscarded: flag,
};
