import { type RainAnswer, RainError, type RainOptions } from "../core/index.ts";

/** A call of a tool was required, and the length limit has cut it. */
export class ToolCallError extends RainError {
  /** Whose call it was to be; `undefined` where it was cut before that was said. */
  readonly toolName: string | undefined;
  /** By what name the caller knows the limit. */
  readonly limit: string;

  constructor(toolName: string | undefined, limit: string) {
    const cut = toolName === undefined ? "one that was cut" : `a call of \`${toolName}\` that was cut`;
    super(
      `Expected a whole call of a tool, as the choice of tools requires, got ${cut} (raise \`${limit}\`, or bound the arguments with \`maxLength\` and \`maxItems\`)`,
    );
    this.toolName = toolName;
    this.limit = limit;
  }
}

/** Whether an answer has to be a call, be it of any tool. */
export function requiresCall({ tools = [], toolChoice }: Pick<RainOptions, "tools" | "toolChoice">): boolean {
  return tools.length > 0 && toolChoice !== undefined && toolChoice !== "auto" && toolChoice !== "none";
}

/**
 * A call that was cut is none: whoever required one learns so, as half of one is nothing to act on.
 *
 * @param limit by what name the caller knows the limit
 * @throws {ToolCallError}
 */
export function checkRequiredCall({ finishReason, calls = [], cutCall }: RainAnswer, limit: string): void {
  if (finishReason === "length" && calls.length === 0) throw new ToolCallError(cutCall?.name, limit);
}
