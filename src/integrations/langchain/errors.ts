/** Errors of this layer. Nothing of LangChain is imported here: they can be named where its packages are missing. */
import { OptionError, RainError } from "../../core/index.ts";

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
        : "nothing was found that the schema and the judge accept: ask for less in the schema, lower `threshold`, or take another `principle`";
    super(`Expected a whole answer to parse, got one that was ended with finish reason \`${finishReason}\` (${advice})`);
    this.finishReason = finishReason;
  }
}

/** A schema of a library's own that says what JSON cannot have, such as a date. */
export function noJsonSchema(option: string, received: unknown, cause: unknown): OptionError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const advice = /\bdate\b/i.test(reason) ? "a date is a string there" : "JSON has texts, numbers, true, false, null, arrays and objects";
  const message = `Expected \`${option}\` to have schemas of what JSON can say, got one that says more: ${reason} (${advice})`;
  return Object.assign(new OptionError(option, message, received), { cause });
}
