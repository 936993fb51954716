import { complaint, JudgeError } from "../errors.ts";
import type { Settings } from "../options.ts";

/**
 * The signal that limits the next verdict, if one does.
 *
 * @throws {JudgeError} when `judgeSignal` throws or gives something else: nobody knows then how long the judge may take, and it is not asked
 */
export function verdictLimit({ judgeSignal, principle }: Pick<Settings, "judgeSignal" | "principle">): AbortSignal | undefined {
  let limit: unknown;
  try {
    limit = judgeSignal();
  } catch (cause) {
    throw noVerdict("unlimited", principle.name, cause);
  }
  if (limit === undefined || limit instanceof AbortSignal) return limit;
  throw new JudgeError(principle.name, complaint("judgeSignal()", "an AbortSignal, or nothing", limit));
}

/** A judge that failed, or took too long, has given no verdict; and none is asked for where nobody knows how long it may take. */
export function noVerdict(reason: keyof typeof REASONS, principle: string, cause: unknown): JudgeError {
  return new JudgeError(principle, REASONS[reason], { cause });
}

const REASONS = {
  late: "Expected a verdict in time, got none before `judgeSignal` was aborted",
  failed: "Expected the judge to give a value, got an error (see `cause`)",
  unlimited: "Expected `judgeSignal` to give a signal, got an error (see `cause`)",
} as const;
