import { RainError } from "../../core/index.ts";

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
