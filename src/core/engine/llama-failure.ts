import { EngineError, type EngineErrorCode } from "../errors.ts";

/** What was expected, and what somebody else's error says instead. */
export function failure(code: EngineErrorCode, expected: string, cause: unknown): EngineError {
  return new EngineError(code, `Expected ${expected}, got: ${reasonOf(cause)}`, { cause });
}

/** The first line of what somebody else's error says. */
function reasonOf(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split("\n", 1)[0] as string;
}
