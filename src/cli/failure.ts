import { CommanderError } from "commander";
import { OptionError, RainError } from "../core/index.ts";
import { DataError } from "../evaluation/data-error.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { Interrupted, OutputLost, PipeClosed } from "./stop-signal.ts";

/** The command was called in a way that cannot be meant. */
export class UsageError extends Error {}

/** What to tell a person about an error, in one line, and what to tell the shell. */
export interface Explanation {
  /** `undefined` when there is nothing to say. */
  readonly line: string | undefined;
  readonly exitCode: number;
}

export function explain(error: unknown): Explanation {
  if (error instanceof CommanderError) return explainCommander(error);
  if (error instanceof PipeClosed) return { line: undefined, exitCode: EXIT_CODES.content };
  if (error instanceof Interrupted) return { line: error.message, exitCode: EXIT_CODES.interrupted };
  if (error instanceof OutputLost) return { line: onOneLine(error.message), exitCode: EXIT_CODES.failed };
  if (error instanceof UsageError || error instanceof OptionError || error instanceof DataError)
    return { line: onOneLine(error.message), exitCode: EXIT_CODES.usage };
  if (error instanceof RainError) return { line: onOneLine(error.message), exitCode: EXIT_CODES.failed };
  return { line: `Something unexpected happened: ${reasonOf(error)} (RAIN_DEBUG=1 shows where)`, exitCode: EXIT_CODES.failed };
}

/** What an error says, in one line. */
export function reasonOf(error: unknown): string {
  return onOneLine(error instanceof Error ? error.message : String(error));
}

/** Help and version are errors to Commander, too; they were printed already. */
function explainCommander({ code, exitCode, message }: CommanderError): Explanation {
  if (exitCode === 0) return { line: undefined, exitCode: EXIT_CODES.content };
  const isHelp = code === "commander.help";
  return {
    line: isHelp ? "Expected a command, got none (see above)" : onOneLine(message.replace(/^error: /, "")),
    exitCode: EXIT_CODES.usage,
  };
}

function onOneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, " ");
}
