import type { Principle, Turn } from "../../core/index.ts";

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

/** Whoever says how good answers are, after all of them were written. */
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

  /** What it has cost so far, in one line, for who has to pay for it. */
  readonly bill?: () => string;
}
