import { EngineError, type EngineErrorCode } from "../errors.ts";

/** What was expected, and what somebody else's error says instead. */
export function failure(code: EngineErrorCode, expected: string, cause: unknown): EngineError {
  return new EngineError(code, `Expected ${expected}, got: ${reasonOf(cause)}`, { cause });
}

/** The first line of what somebody else's error says, and of what caused it: "fetch failed" alone says nothing. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return firstLine(String(cause));
  const { message = "", code = "" }: Partial<NodeJS.ErrnoException> = cause.cause instanceof Error ? cause.cause : {};
  const deeper = firstLine(message) || code;
  return deeper === "" ? firstLine(cause.message) : `${firstLine(cause.message)} (${deeper})`;
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] as string;
}
