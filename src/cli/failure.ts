import { CommanderError } from "commander";
import { OptionError, RainError } from "../core/index.ts";
import { DataError } from "../evaluation/readers/index.ts";
import { EXIT_CODES, Interrupted, OutputLost, PipeClosed } from "./stop-signal.ts";

/** The command was called in a way that cannot be meant. */
export class UsageError extends Error {
  /** One sentence for each problem. */
  readonly problems: readonly string[];

  constructor(problems: string | readonly string[], options?: ErrorOptions) {
    const all = typeof problems === "string" ? [problems] : problems;
    super(all.join(" "), options);
    this.problems = all;
  }
}

/** What to tell a person about an error, a line for each problem, and what to tell the shell. */
interface Explanation {
  /** None when there is nothing to say. */
  readonly lines: readonly string[];
  readonly exitCode: number;
}

function explain(error: unknown): Explanation {
  // Where something fails while it is freed, too, what came first is the reason.
  if (error instanceof Error && error.name === "SuppressedError" && "suppressed" in error) return explain(error.suppressed);
  if (error instanceof CommanderError) return explainCommander(error);
  if (error instanceof PipeClosed) return { lines: [], exitCode: EXIT_CODES.content };
  if (error instanceof Interrupted) return { lines: [error.message], exitCode: EXIT_CODES.interrupted };
  if (error instanceof OutputLost) return { lines: [onOneLine(error.message)], exitCode: EXIT_CODES.failed };
  if (error instanceof UsageError) return { lines: error.problems.map(onOneLine), exitCode: EXIT_CODES.usage };
  if (error instanceof OptionError || error instanceof DataError) return { lines: [onOneLine(error.message)], exitCode: EXIT_CODES.usage };
  if (error instanceof RainError) return { lines: [onOneLine(error.message)], exitCode: EXIT_CODES.failed };
  if (SHORT_OF_MEMORY.test(reasonOf(error)))
    return { lines: [`Expected enough free memory, got: ${reasonOf(error)}`], exitCode: EXIT_CODES.failed };
  return { lines: [`Something unexpected happened: ${reasonOf(error)} (RAIN_DEBUG=1 shows where)`], exitCode: EXIT_CODES.failed };
}

/** What Node, its parts and the system say of it. */
const SHORT_OF_MEMORY = /out of memory|allocation failed|cannot allocate/i;

/** Says on standard error what went wrong, a line for each problem. Gives what to tell the shell. */
export function complain(error: unknown): number {
  const { lines, exitCode } = explain(error);
  for (const line of lines) process.stderr.write(`rain: ${line}\n`);
  return exitCode;
}

/** What an error says, in one line. */
export function reasonOf(error: unknown): string {
  return onOneLine(error instanceof Error ? error.message : String(error));
}

/** Help and version are errors to Commander, too; they were printed already. */
function explainCommander({ code, exitCode, message }: CommanderError): Explanation {
  if (exitCode === 0) return { lines: [], exitCode: EXIT_CODES.content };
  const isHelp = code === "commander.help";
  const line = isHelp ? "Expected a command, got none (see above)" : onOneLine(message.replace(/^error: /, ""));
  return { lines: [line], exitCode: EXIT_CODES.usage };
}

function onOneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, " ");
}
