import {
  type AnswerJudge,
  type Call,
  type Engine,
  JudgeError,
  ORDERS,
  type Settings,
  type Token,
  type Turn,
  type Verdict,
} from "../core/index.ts";
import { asValue } from "./fitted-judge.ts";
import { behindQuestion, yesNoQuestion } from "./places/next-turn.ts";
import { promptBefore } from "./places/place.ts";

/** One question, and which replies speak for a good and for a bad answer. */
interface AskedFor {
  readonly text: string;
  readonly good: readonly Token[];
  readonly bad: readonly Token[];
}

interface Prepared {
  readonly prefixOf: (answer: readonly Token[], asked: AskedFor) => readonly Token[];
  readonly length: number;
}

/**
 * The model, asked as the next turn of its own chat format by a principle for which there are too few labelled answers to fit a read-out: by Yes and No, and by
 * letters in both orders. What counts is the mean of the log odds, each less what the model says of an answer without content: a model favours a
 * reply whatever is asked.
 */
export class AskedJudge implements AnswerJudge<Prepared> {
  readonly #engine: Engine;
  readonly #settings: Settings;
  readonly #asked: readonly AskedFor[];
  #favours: Promise<readonly number[]> | undefined;

  /** @throws {JudgeError} when the model has no single tokens for any of the replies */
  constructor(engine: Engine, settings: Settings) {
    this.#engine = engine;
    this.#settings = settings;
    this.#asked = questionsOf(engine, settings);
    if (this.#asked.length > 0) return;
    throw new JudgeError(
      settings.principle.name,
      `Expected ${engine.facts.model} to have a token for Yes and No, or A and B, got none (it cannot be asked)`,
    );
  }

  conversation(turns: readonly Turn[]): Prepared {
    const context = { engine: this.#engine, principle: this.#settings.principle, settings: this.#settings };
    const prefix = promptBefore(turns, context);
    const tails = new Map(this.#asked.map((asked) => [asked, behindQuestion(asked.text, turns, context)]));
    const longest = Math.max(...[...tails.values()].map((tail) => tail.length));
    return {
      prefixOf: (answer, asked) => [...prefix, ...answer, ...(tails.get(asked) as readonly Token[])],
      length: prefix.length + longest,
    };
  }

  longestAnswer({ length }: Prepared): number {
    return this.#engine.facts.contextSize - length;
  }

  /** What stands before the answer, the writer has read. */
  prime(): Promise<void> {
    return Promise.resolve();
  }

  async verdicts(conversation: Prepared, answers: readonly (readonly Token[])[], call: Call): Promise<Verdict[]> {
    const favours = await this.#favoursOf(call);
    const odds = await this.#oddsOf(conversation, answers, call);
    call.meter.evaluations += answers.length;
    return odds.map((byQuestion) => {
      const byOrder = byQuestion.map((one, index) => asValue(one - (favours[index] as number)));
      const mean = byQuestion.reduce((sum, one, index) => sum + one - (favours[index] as number), 0) / byQuestion.length;
      return { value: asValue(mean), byOrder };
    });
  }

  /** Asked about an answer without content, once. A question that failed is asked anew, also by who waited for it: who asked may only have left. */
  async #favoursOf(call: Call): Promise<readonly number[]> {
    for (;;) {
      const isFirst = this.#favours === undefined;
      this.#favours ??= this.#askFavours(call);
      const asked = this.#favours;
      try {
        return await asked;
      } catch (error) {
        if (this.#favours === asked) this.#favours = undefined;
        if (isFirst) throw error;
      }
    }
  }

  async #askFavours(call: Call): Promise<readonly number[]> {
    const [odds] = await this.#oddsOf(this.conversation([{ role: "user", text: "N/A" }]), [this.#engine.tokenizer.tokenize("N/A")], call);
    return odds as readonly number[];
  }

  async #oddsOf(conversation: Prepared, answers: readonly (readonly Token[])[], call: Call): Promise<readonly (readonly number[])[]> {
    const queries = answers.flatMap((answer) =>
      this.#asked.map((asked) => ({ prefix: conversation.prefixOf(answer, asked), tokens: [...asked.good, ...asked.bad] })),
    );
    const read = await this.#engine.next(queries, call);
    return answers.map((_, index) =>
      this.#asked.map(({ good }, question) => this.#odds(read[index * this.#asked.length + question]?.logits ?? [], good.length)),
    );
  }

  #odds(logits: readonly number[], good: number): number {
    const odds = logSum(logits.slice(0, good)) - logSum(logits.slice(good));
    if (Number.isFinite(odds)) return odds;
    throw new JudgeError(this.#settings.principle.name, `Expected the judge's reply to be numbers, got [${logits.join(", ")}]`);
  }
}

function questionsOf(engine: Engine, { principle }: Settings): readonly AskedFor[] {
  const single = (...replies: readonly string[]) =>
    replies.flatMap((reply) => {
      const tokens = engine.tokenizer.tokenize(reply);
      return tokens.length === 1 ? tokens : [];
    });
  const yesNo = { text: yesNoQuestion(principle), good: single("Yes", "yes", " Yes"), bad: single("No", "no", " No") };
  const lettered = ORDERS.map((order): AskedFor => {
    const [first, second] = order === "good-first" ? [principle.good, principle.bad] : [principle.bad, principle.good];
    const [a, b] = [single("A", " A"), single("B", " B")];
    const text = `Is the answer (A) ${first} or (B) ${second}? Reply with the letter alone.`;
    return order === "good-first" ? { text, good: a, bad: b } : { text, good: b, bad: a };
  });
  return [yesNo, ...lettered].filter(({ good, bad }) => good.length > 0 && bad.length > 0 && !good.some((token) => bad.includes(token)));
}

function logSum(logits: readonly number[]): number {
  const highest = Math.max(...logits);
  return highest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0));
}
