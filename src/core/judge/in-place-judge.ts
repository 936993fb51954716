import { compare, prime } from "../decoding.ts";
import type { Call, Engine, Prefix, Token, Turn } from "../engine.ts";
import type { Verdict } from "../options.ts";
import type { Prompting } from "../prompts/prompting.ts";
import { asRead } from "./as-read.ts";
import { type AnswerJudge, type Opinion, opinionOf } from "./opinion.ts";
import type { Principle } from "./principle.ts";
import { LETTERED, SHORT } from "./question.ts";
import { askings, canAnswer, decided, leaning, type VerdictQuery } from "./verdict-query.ts";

export interface InPlaceSettings {
  readonly verdict: Verdict;
  readonly threshold: number;
  readonly doubtMargin: number;
  /** How the answer is prompted. Behind URIAL's examples it is read once more, in its plain conversation: the judge is to learn nothing from them. */
  readonly prompting?: Prompting;
}

/** An answer that is asked about, and what has come out so far. */
interface Asked {
  readonly answer: readonly Token[];
  readonly leanings: number[];
  /** The probability that it is good or bad, and not in between. */
  decided: number;
}

/**
 * The same frozen model as a judge, asked a short question right behind the answer that it is writing. All before the
 * question is in the cache already, so a verdict costs the question's few tokens and nothing of the answer is read twice.
 * The second order of the options is asked only of answers that the first one left in doubt.
 */
export class InPlaceJudge implements AnswerJudge<Prefix> {
  readonly #engine: Engine;
  readonly #principle: Principle;
  readonly #settings: InPlaceSettings;
  readonly #askings: readonly VerdictQuery[];

  /** @throws {JudgeError} when neither wording's labels are single tokens of this model */
  constructor(engine: Engine, principle: Principle, settings: InPlaceSettings) {
    this.#engine = engine;
    this.#principle = principle;
    this.#settings = settings;
    this.#askings = askings(engine, principle, canAnswer(engine, principle, SHORT) ? SHORT : LETTERED);
  }

  /** The very prefix behind which the answer is written, unless that is prompted by examples. */
  conversation(turns: readonly Turn[]): Prefix {
    return this.#engine.tokenizer.render(turns);
  }

  longestAnswer(conversation: Prefix): number {
    const longestQuestion = Math.max(...this.#askings.map(({ question }) => question.length));
    const gap = this.#isApart ? this.#engine.tokenizer.tokenize(" ").length : 0;
    return this.#engine.facts.contextSize - conversation.length - gap - longestQuestion;
  }

  async prime(conversation: Prefix, call: Call): Promise<void> {
    await prime(this.#engine, [conversation], call);
  }

  /** All answers are asked about in one batch; those left in doubt in a second one. */
  async opinions(conversation: Prefix, answers: readonly (readonly Token[])[], call: Call): Promise<Opinion[]> {
    const cases = answers.map((answer): Asked => ({ answer, leanings: [], decided: 1 }));
    for (const asking of this.#askings) {
      const open = cases.filter((one) => this.#isOpen(one));
      if (open.length === 0) break;
      const questions = open.map(({ answer }) => ({
        prefix: [...this.#judged(conversation, answer), ...asking.question],
        candidates: asking.labels,
      }));
      const verdicts = await compare(this.#engine, questions, call);
      for (const [index, one] of open.entries()) {
        one.leanings.push(leaning(asking, verdicts[index] ?? [], this.#principle));
        one.decided = decided(asking, verdicts[index] ?? []);
      }
    }
    call.meter.evaluations += answers.length;
    return cases.map(({ leanings }) => opinionOf(leanings, this.#settings.verdict));
  }

  get #isApart(): boolean {
    return this.#settings.prompting === "urial";
  }

  #judged(conversation: Prefix, answer: readonly Token[]): Prefix {
    return [...conversation, ...(this.#isApart ? asRead(answer, conversation, this.#engine) : answer)];
  }

  /**
   * The other order swaps the good and the bad option, and leaves the neutral one where it is: it can lean to the good one by no more
   * than these two have now. Where even that would not pass, nobody has to ask.
   */
  #isOpen({ leanings: [first], decided }: Asked): boolean {
    const { threshold, doubtMargin, verdict } = this.#settings;
    if (first === undefined) return true;
    return Math.abs(first - threshold) < doubtMargin && opinionOf([first, decided], verdict).value >= threshold;
  }
}
