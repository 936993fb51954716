import type { Call, Prefix, Token, Turn } from "../engine/engine.ts";
import type { Verdict } from "../options.ts";

/** What a judge thinks of one answer. */
export interface Opinion {
  /** The paper's v: the mean over the orders that were asked. -1 (surely bad) to 1 (surely good). */
  readonly value: number;
  /** The same for each order of the options alone: good one first, bad one first. The second is missing where nobody asked. */
  readonly byOrder: readonly number[];
}

/** Gives values to answers. It fails closed: a verdict that is no probability throws, and what should have been judged is not released. */
export interface AnswerJudge {
  /** The prefix under which answers to this conversation are judged. */
  conversation(turns: readonly Turn[]): Prefix;

  /** The longest answer, in tokens, that can be judged behind this prefix; below 1 if there is no room at all. */
  longestAnswer(conversation: Prefix): number;

  /** Reads what is the same for all answers. */
  prime(conversation: Prefix, call: Call): Promise<void>;

  /**
   * An opinion of each answer. Answers are token for token as the engine drew them, without end token.
   *
   * @throws {JudgeError} when a verdict is not a probability
   */
  opinions(conversation: Prefix, answers: readonly (readonly Token[])[], call: Call): Promise<Opinion[]>;
}

/** Soft, so that a doubtful verdict does not look like a sure one; hard as in the published code, which only compares. */
export function opinionOf(leanings: readonly number[], verdict: Verdict): Opinion {
  const byOrder = verdict === "hard" ? leanings.map(Math.sign) : leanings;
  return { value: byOrder.reduce((sum, value) => sum + value, 0) / byOrder.length, byOrder };
}
