import { EngineError, type EngineErrorCode } from "../../core/errors.ts";

/** What was expected, and what the error of a library or the system says instead. */
export function failure(code: EngineErrorCode, expected: string, cause: unknown): EngineError {
  return new EngineError(code, `Expected ${expected}, got: ${reasonOf(cause)}`, { cause });
}

/** The first line of what an error says, and of what caused it: "fetch failed" alone says nothing. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return firstLine(String(cause));
  const { message = "", code = "" }: Partial<NodeJS.ErrnoException> = cause.cause instanceof Error ? cause.cause : {};
  const deeper = firstLine(message) || code;
  return deeper === "" ? firstLine(cause.message) : `${firstLine(cause.message)} (${deeper})`;
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] as string;
}

/** The same for what is at the bottom of it. */
export function rootReasonOf(error: unknown): string {
  return error instanceof Error && error.cause !== undefined ? rootReasonOf(error.cause) : reasonOf(error);
}

/** llama.cpp gives no reason when it cannot get what it needs. It is memory in most cases: others are ruled out before. */
const UNEXPLAINED = ["Failed to load model", "Failed to create context", "std::bad_alloc"];

/** Whether less might fit. */
export async function isShortage(error: unknown): Promise<boolean> {
  if (error instanceof EngineError) return error.code === "out-of-memory" || (await isShortage(error.cause));
  const { InsufficientMemoryError } = await import("node-llama-cpp");
  return error instanceof InsufficientMemoryError || (error instanceof Error && UNEXPLAINED.includes(error.message));
}
