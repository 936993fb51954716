import { ContextFullError, DEFAULTS, type Engine, JudgeError, type Principle } from "../../core/index.ts";
import { TurnJudge } from "../../judges/index.ts";
import type { DraftJudge } from "../run/plan.ts";
import { keyOf } from "../run/rows.ts";
import type { Case, CaseJudge } from "./case-judge.ts";

/**
 * The judge of the drafts, asked about whole answers: the one that was fitted for this model, or another model. One case at a time: what a batch computes has
 * other last digits than what is computed alone.
 */
export function ownJudge(engine: Engine, label: string, { find, marks }: DraftJudge = { find: undefined, marks: new Map() }): CaseJudge {
  const judge = new TurnJudge(engine, DEFAULTS.judgeExamples, find);
  return {
    // Two models that judge themselves are two judges, and so is one that has learnt to judge otherwise.
    name: marks.size === 0 ? `self: ${label}` : `self: ${label}, ${keyOf([...marks])}`,
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
