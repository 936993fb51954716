/** Errors of this layer. Nothing of LangChain is imported here: they can be named where its packages are missing. */
import { OptionError, RainError } from "../../core/index.ts";
import type { Stage } from "./events.ts";

/** A message that this model cannot read, or that does not belong where it stands. */
export class MessageError extends RainError {
  /** Its place in the list, from 0. */
  readonly index: number;

  constructor(index: number, expected: string, received: string) {
    super(`Expected \`messages[${index}]\` ${expected}, got ${received}`);
    this.index = index;
  }
}

/** The answer is no value of the schema, as it was ended before it was whole. */
export class StructuredOutputError extends RainError {
  /** Why it was ended. */
  readonly finishReason: string;

  constructor(finishReason: string) {
    const advice =
      finishReason === "length"
        ? "raise `maxTokens`, or bound the schema with `maxLength` and `maxItems`"
        : "nothing that the judge accepts was found: lower `threshold`, or take another `principle`";
    super(`Expected a whole answer to parse, got one that was ended with finish reason \`${finishReason}\` (${advice})`);
    this.finishReason = finishReason;
  }
}

/** A call of a tool was required, and `maxTokens` has cut it. */
export class ToolCallError extends RainError {
  /** Whose call it was to be; `undefined` where it was cut before that was said. */
  readonly toolName: string | undefined;

  constructor(toolName: string | undefined) {
    const cut = toolName === undefined ? "one that was cut" : `a call of \`${toolName}\` that was cut`;
    super(
      `Expected a whole call of a tool, as \`tool_choice\` requires, got ${cut} (raise \`maxTokens\`, or bound the arguments with \`maxLength\` and \`maxItems\`)`,
    );
    this.toolName = toolName;
  }
}

/** Nothing that was written passed the judge, or what came in did not. It holds no text: what was judged bad is not passed on. */
export class RainViolationError extends RainError {
  readonly stage: Stage;
  /** Name of the principle by which it was judged. */
  readonly principle: string;
  /** The best value that was found: -1 (bad) to 1 (good). */
  readonly value: number;
  /** How often a draft was left for another one. */
  readonly rewinds: number;

  constructor(
    stage: Stage,
    found: { readonly principle: string; readonly threshold: number; readonly value: number; readonly rewinds: number },
  ) {
    const { principle, threshold, value, rewinds } = found;
    super(
      `Expected the ${NAMES[stage]} to be judged ${threshold} or better by "${principle}", got ${value.toFixed(2)} at best after ${rewinds} rewinds`,
    );
    this.stage = stage;
    this.principle = principle;
    this.value = value;
    this.rewinds = rewinds;
  }
}

const NAMES = { input: "input", output: "answer", tool_result: "tool's result" } as const satisfies Readonly<Record<Stage, string>>;

/** A schema of a library's own that says what JSON cannot have, such as a date. */
export function noJsonSchema(option: string, received: unknown, cause: unknown): OptionError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `Expected \`${option}\` to have schemas of what JSON can say, got one that says more: ${reason} (a date, for example, is a string there)`;
  return Object.assign(new OptionError(option, message, received), { cause });
}
