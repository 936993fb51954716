import { LRUCache } from "lru-cache";
import type { Utterance } from "../../guard/index.ts";

/** Servers keep nothing for less than a day. */
const REMEMBERED_MS = 86_400_000;

/** Of what is forgotten, the answer alone is read. */
const MOST_REMEMBERED = 2000;

interface Question {
  readonly guild: string;
  readonly line: Utterance;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What was asked by commands, which are no messages that could be read again: for who replies to an answer. It is kept in memory, for a day. */
export class CommandQuestions {
  /** By the first message of the answer. */
  readonly #questions = new LRUCache<string, Question>({ max: MOST_REMEMBERED });
  readonly #clock: () => number;

  /** @param clock milliseconds since 1970 */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  remember(answer: string, question: Omit<Question, "at">): void {
    this.#questions.set(answer, { ...question, at: this.#clock() });
  }

  /** What the answer that begins with this message answers. */
  find(answer: string): Utterance | undefined {
    const question = this.#questions.get(answer);
    return question !== undefined && this.#clock() - question.at < REMEMBERED_MS ? question.line : undefined;
  }

  forgetPerson(person: string): void {
    this.#forget(({ line }) => line.speaker?.id === person);
  }

  forgetGuild(left: string): void {
    this.#forget(({ guild }) => guild === left);
  }

  #forget(isMeant: (question: Question) => boolean): void {
    for (const [answer, question] of this.#questions.entries()) if (isMeant(question)) this.#questions.delete(answer);
  }
}
