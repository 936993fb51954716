import { z } from "zod";
import { flag, OptionError, oneOf, type Principle } from "../../../core/index.ts";
import { checked, defaultsOf, type OptionTable, sentence } from "../../judging/options.ts";
import { CRITIQUE_TABLE, type CritiqueOptions, type CritiqueSettings } from "../critique/options.ts";

/**
 * What happens when something is judged bad and no rewind helps. `replace`: `violationMessage` stands in its place, and the run goes on.
 * `end`: the run ends with `violationMessage`. `error`: a `RainViolationError`. In place of an answer the first two are the same, as an
 * agent ends with a message without tool calls.
 */
export type ExitBehavior = "replace" | "end" | "error";

/** What may be decided anew for each run, as `context: { rain: { ... } }`. */
export interface GuardrailOverrides
  extends Pick<
    CritiqueOptions,
    "principle" | "judge" | "threshold" | "onUnfit" | "retries" | "continuation" | "guidance" | "drafts" | "onRainEvent"
  > {
  /** @default "replace" */
  readonly exitBehavior?: ExitBehavior;
  /** What is said instead. @default "I am sorry, but I cannot help with that." */
  readonly violationMessage?: string;
  /**
   * Whether a person's new messages are judged before the model reads them. Needs a `judge`, as the agent's model is not known yet.
   * Left out, no run can turn it on: the hook is not there. @default false
   */
  readonly checkInput?: boolean;
  /** Whether the text of answers is judged. @default true */
  readonly checkOutput?: boolean;
  /** Whether names and arguments of tool calls are judged before the tools run. @default true */
  readonly checkToolCalls?: boolean;
  /** Whether what tools give back is judged before it enters the conversation. As `checkInput`. @default false */
  readonly checkToolResults?: boolean;
  /** What is asked of messages and of tools' results, which are judged alone, as if they were answers. @default `principle` */
  readonly inputPrinciple?: Principle;
}

/** All optional: `rainGuardrail()` judges answers and tool calls by the agent's own model. */
export interface RainGuardrailOptions
  extends GuardrailOverrides,
    Pick<CritiqueOptions, "judgeExamples" | "judgeSignal" | "onNotice" | "revealDiscarded"> {
  /** Of the middleware; needed where one agent has two. @default "RainGuardrail" */
  readonly name?: string;
}

/** Options with nothing left out but the judge, which may be the model, and what follows from others. */
export type GuardrailSettings = Omit<CritiqueSettings, "onExhausted" | "refusal"> &
  Required<Omit<RainGuardrailOptions, keyof CritiqueOptions | "inputPrinciple">> & { readonly inputPrinciple: Principle | undefined };

const { onExhausted: _onExhausted, refusal: _refusal, judgeExamples, judgeSignal, onNotice, revealDiscarded, ...shared } = CRITIQUE_TABLE;

const OVERRIDES: OptionTable<GuardrailOverrides, GuardrailSettings> = {
  ...shared,
  continuation: [shared.continuation[0], "whole"],
  exitBehavior: [oneOf(["replace", "end", "error"]), "replace"],
  violationMessage: [sentence, CRITIQUE_TABLE.refusal[1]],
  checkInput: [flag, false],
  checkOutput: [flag, true],
  checkToolCalls: [flag, true],
  checkToolResults: [flag, false],
  inputPrinciple: [shared.principle[0], undefined],
};

const OPTIONS: OptionTable<RainGuardrailOptions, GuardrailSettings> = {
  ...OVERRIDES,
  judgeExamples,
  judgeSignal,
  onNotice,
  revealDiscarded,
  name: [sentence, "RainGuardrail"],
};

/**
 * One key for everything: the built-in middleware shares flat names such as `applyToOutput`, so that what is meant for one of them
 * would silently switch a guardrail off.
 */
export const CONTEXT_SCHEMA = z.object({ rain: z.custom<GuardrailOverrides>().optional() });

/**
 * What the options and, if there are some, the overrides of one run come to.
 *
 * @throws {OptionError} for what cannot be meant, or needs a judge where none was given
 */
export function settingsFor(options: RainGuardrailOptions, overrides: GuardrailOverrides = {}): GuardrailSettings {
  const settings = { ...defaultsOf<GuardrailSettings>(OPTIONS), ...checked(options, OPTIONS), ...checked(overrides, OVERRIDES) };
  for (const check of ["checkInput", "checkToolResults"] as const) {
    const what = options[check] === undefined ? `\`${check}\`` : "a `judge`";
    const isPossible = options[check] !== undefined && settings.judge !== undefined;
    if (settings[check] && !isPossible)
      throw new OptionError(
        check,
        `Expected ${what} in the options of the guardrail where a run has \`${check}\`, got none`,
        settings[check],
      );
  }
  return settings;
}
