import { compare, prime } from "../decoding.ts";
import type { Call, Engine, Prefix, Question, Token, Turn } from "../engine.ts";
import type { VerdictForm } from "../options.ts";
import { asRead } from "./as-read.ts";
import type { Principle } from "./principle.ts";
import { judgedText, LETTERED, preambleText } from "./question.ts";
import { type AnswerJudge, type Verdict, verdictFrom } from "./verdict.ts";
import { margin, type VerdictQuery, verdictQueries } from "./verdict-query.ts";

export interface JudgeSettings {
  readonly judgeExamples: number;
  readonly verdict: VerdictForm;
}

/**
 * The same frozen model as a judge of its own answers. It reads a preamble of examples (which stays in the cache), the
 * conversation as plain lines, the answer, and a question; its verdict is how likely it takes each label to be.
 *
 * Everything is put together from *tokens*, never from text, so that all that is common to two questions is one prefix.
 */
export class Judge implements AnswerJudge<Prefix> {
  readonly #engine: Engine;
  readonly #principle: Principle;
  readonly #verdict: VerdictForm;
  readonly #preamble: Prefix;
  readonly #verdictQueries: readonly VerdictQuery[];

  /** @throws {JudgeError} when a label is not one token of this model: then there is nothing to read the verdict off */
  constructor(engine: Engine, principle: Principle, { judgeExamples, verdict }: JudgeSettings) {
    this.#engine = engine;
    this.#principle = principle;
    this.#verdict = verdict;
    this.#preamble = engine.tokenizer.renderText(preambleText(principle, judgeExamples));
    this.#verdictQueries = verdictQueries(engine, principle, LETTERED);
  }

  /** The prefix under which answers to this conversation are judged: the preamble and the turns so far. */
  conversation(turns: readonly Turn[]): Prefix {
    const text = judgedText(turns);
    const hasPreamble = this.#preamble.length > this.#engine.tokenizer.renderText("").length;
    return hasPreamble ? [...this.#preamble, ...this.#engine.tokenizer.tokenize(text)] : this.#engine.tokenizer.renderText(text);
  }

  longestAnswer(conversation: Prefix): number {
    const longestQuestion = Math.max(...this.#verdictQueries.map(({ question }) => question.length));
    return this.#engine.facts.contextSize - conversation.length - this.#engine.tokenizer.tokenize(" ").length - longestQuestion;
  }

  /** Reads the preamble, to be kept, and a conversation. */
  async prime(conversation: Prefix, call: Call): Promise<void> {
    await prime(this.#engine, [this.#preamble], call, { keep: true });
    await prime(this.#engine, [conversation], call);
  }

  /** All answers are asked about in both orders, in one batch. */
  async verdicts(conversation: Prefix, answers: readonly (readonly Token[])[], call: Call): Promise<Verdict[]> {
    const questions = answers.flatMap((answer) => this.#questions(conversation, answer));
    const verdicts = await compare(this.#engine, questions, call);
    call.meter.evaluations += answers.length;
    return answers.map((_, index) => {
      const margins = this.#verdictQueries.map((query, order) =>
        margin(query, verdicts[index * this.#verdictQueries.length + order] ?? [], this.#principle),
      );
      return verdictFrom(margins, this.#verdict);
    });
  }

  #questions(conversation: Prefix, answer: readonly Token[]): Question[] {
    const judged = [...conversation, ...asRead(answer, conversation, this.#engine)];
    return this.#verdictQueries.map(({ question, labels }) => ({ prefix: [...judged, ...question], candidates: labels }));
  }
}
