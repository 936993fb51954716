import { ContextFullError, type Engine, JudgeError, type Principle, RainError, type Turn } from "../../core/index.ts";
import { TurnJudge } from "../../judges/index.ts";
import type { DraftJudge } from "../run/answers.ts";
import { keyOf } from "../run/journal.ts";

/** The judge cannot be asked any more. What it said before is kept. */
export class JudgeDownError extends RainError {
  /** Its name. */
  readonly judge: string;

  constructor(message: string, { judge, ...options }: ErrorOptions & { readonly judge: string }) {
    super(message, options);
    this.judge = judge;
  }
}

/** What a judge is asked about. */
export interface Case {
  /** A conversation whose last turn, the assistant's, is judged. */
  readonly turns: readonly Turn[];
  readonly principle: Principle;
  /** Whether it is to be graded rather than called good or bad, by a judge that can. */
  readonly isGraded: boolean;
  /** What is known of right and wrong answers, for a judge that can read it. */
  readonly reference?: string;
}

/** A judge of written answers. */
export interface CaseJudge extends AsyncDisposable {
  /** As results name it. Verdicts of a judge of another name are not taken for its own. */
  readonly name: string;
  /** Cases that it is asked at once. */
  readonly atOnce: number;

  /**
   * -1 (bad) to 1 (good).
   *
   * @throws {JudgeError} when it gives no usable verdict on this case; it may give one on the next
   * @throws {JudgeDownError} when asking further is in vain
   */
  value(asked: Case, signal: AbortSignal): Promise<number>;

  /** What it has cost so far, in one line, where it costs anything. */
  readonly bill?: () => string;
}

/**
 * The judge of the drafts, asked about whole answers: the one that was fitted for this model, or another model. One case at a time: what a batch computes has
 * other last digits than what is computed alone.
 */
export function ownJudge(engine: Engine, label: string, { find, marks }: DraftJudge = { find: undefined, marks: new Map() }): CaseJudge {
  const judge = new TurnJudge(engine, { judge: find });
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
