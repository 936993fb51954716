import { ContextFullError, DEFAULTS, type Engine, JudgeError, type Principle, TurnJudge } from "../../core/index.ts";
import type { Case, CaseJudge } from "./case-judge.ts";

/**
 * The model itself, reading examples first, in both orders of the options. One case at a time: what a batch computes has other last
 * digits than what is computed alone.
 */
export function ownJudge(engine: Engine, label: string): CaseJudge {
  const judge = new TurnJudge(engine, DEFAULTS.judgeExamples);
  return {
    // Two models that judge themselves are two judges.
    name: `self: ${label}`,
    atOnce: 1,
    value: async (asked, signal) => await judged(judge, asked, signal),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function judged(judge: TurnJudge, { turns, principle }: Case, signal: AbortSignal): Promise<number> {
  try {
    return await judge.value(turns, principle, signal);
  } catch (error) {
    throw error instanceof ContextFullError ? tooLong(principle, error) : error;
  }
}

/** That is so of this case; the next may fit. */
function tooLong({ name }: Principle, cause: ContextFullError): JudgeError {
  return new JudgeError(name, cause.message, { cause });
}
