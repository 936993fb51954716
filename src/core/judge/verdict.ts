import type { Call, Token, Turn } from "../engine.ts";
import type { VerdictForm } from "../options.ts";

/** What a judge thinks of one answer. */
export interface Verdict {
  /** The paper's v: the mean over the orders that were asked. -1 (surely bad) to 1 (surely good). */
  readonly value: number;
  /** The same for each order of the options alone: good one first, bad one first. The second is missing where nobody asked. */
  readonly byOrder: readonly number[];
}

/**
 * Gives values to answers. It fails closed: a verdict that is no probability throws, and what should have been judged is not released.
 * `Conversation` is what the judge itself makes of the turns before an answer, such as the prefix behind which it reads the answer.
 */
export interface AnswerJudge<Conversation = unknown> {
  /** The conversation whose answers are judged. */
  conversation(turns: readonly Turn[]): Conversation;

  /** The longest answer to it, in tokens, that can be judged; below 1 if there is no room at all. */
  longestAnswer(conversation: Conversation): number;

  /** Reads what is the same for all answers. */
  prime(conversation: Conversation, call: Call): Promise<void>;

  /**
   * A verdict on each answer. Answers are token for token as the engine drew them, without end token. `isWhole` says which of them are over;
   * the others are beginnings.
   *
   * @throws {JudgeError} when a verdict is not a probability
   */
  verdicts(
    conversation: Conversation,
    answers: readonly (readonly Token[])[],
    call: Call,
    isWhole?: readonly boolean[],
  ): Promise<Verdict[]>;
}

/** Soft, so that a doubtful verdict does not look like a sure one; hard as in the published code, which only compares. */
export function verdictFrom(margins: readonly number[], verdict: VerdictForm): Verdict {
  const byOrder = verdict === "hard" ? margins.map(Math.sign) : margins;
  return { value: byOrder.reduce((sum, value) => sum + value, 0) / byOrder.length, byOrder };
}
