import {
  type AnswerJudge,
  answeredAtOnce,
  asRead,
  type Call,
  canAnswer,
  compare,
  decidedMass,
  type Engine,
  type FindJudge,
  type FoundJudge,
  Judge,
  LETTERED,
  margin,
  type Prefix,
  type Principle,
  type Prompting,
  prime,
  type Settings,
  SHORT,
  SharedWork,
  type Token,
  type Turn,
  type Verdict,
  type VerdictForm,
  type VerdictQuery,
  verdictFrom,
  verdictQueries,
} from "../../core/index.ts";

export interface InPlaceSettings {
  readonly verdict: VerdictForm;
  readonly threshold: number;
  readonly doubtMargin: number;
  /** How the answer is prompted. Behind URIAL's examples it is read once more, in its plain conversation: the judge is to learn nothing from them. */
  readonly prompting?: Prompting;
}

/** An answer that is asked about, and what has come out so far. */
interface Asked {
  readonly answer: readonly Token[];
  readonly margins: number[];
  /** The probability that it is good or bad, and not in between. */
  decidedMass: number;
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
  readonly #verdictQueries: readonly VerdictQuery[];

  /** @throws {JudgeError} when neither wording's labels are single tokens of this model */
  constructor(engine: Engine, principle: Principle, settings: InPlaceSettings) {
    this.#engine = engine;
    this.#principle = principle;
    this.#settings = settings;
    this.#verdictQueries = verdictQueries(engine, principle, canAnswer(engine, principle, SHORT) ? SHORT : LETTERED);
  }

  /** The very prefix behind which the answer is written, unless that is prompted by examples. */
  conversation(turns: readonly Turn[]): Prefix {
    return this.#engine.tokenizer.render(answeredAtOnce(turns, this.#engine));
  }

  longestAnswer(conversation: Prefix): number {
    const longestQuestion = Math.max(...this.#verdictQueries.map(({ question }) => question.length));
    const gap = this.#isApart ? this.#engine.tokenizer.tokenize(" ").length : 0;
    return this.#engine.facts.contextSize - conversation.length - gap - longestQuestion;
  }

  async prime(conversation: Prefix, call: Call): Promise<void> {
    await prime(this.#engine, [conversation], call);
  }

  /** All answers are asked about in one batch; those left in doubt in a second one. */
  async verdicts(conversation: Prefix, answers: readonly (readonly Token[])[], call: Call): Promise<Verdict[]> {
    const cases = answers.map((answer): Asked => ({ answer, margins: [], decidedMass: 1 }));
    for (const query of this.#verdictQueries) {
      const open = cases.filter((one) => this.#isOpen(one));
      if (open.length === 0) break;
      const questions = open.map(({ answer }) => ({
        prefix: [...this.#judged(conversation, answer), ...query.question],
        candidates: query.labels,
      }));
      const verdicts = await compare(this.#engine, questions, call);
      for (const [index, one] of open.entries()) {
        one.margins.push(margin(query, verdicts[index] ?? [], this.#principle));
        one.decidedMass = decidedMass(query, verdicts[index] ?? []);
      }
    }
    call.meter.evaluations += answers.length;
    return cases.map(({ margins }) => verdictFrom(margins, this.#settings.verdict));
  }

  get #isApart(): boolean {
    return this.#settings.prompting === "urial";
  }

  #judged(conversation: Prefix, answer: readonly Token[]): Prefix {
    return [...conversation, ...(this.#isApart ? asRead(answer, conversation, this.#engine) : answer)];
  }

  /**
   * The other order swaps the good and the bad option, and leaves the neutral one where it is: it can lean to the good one by no more
   * than these two have now. Where even that would not pass, the second order is not asked.
   */
  #isOpen({ margins: [first], decidedMass }: Asked): boolean {
    const { threshold, doubtMargin, verdict } = this.#settings;
    if (first === undefined) return true;
    return Math.abs(first - threshold) < doubtMargin && verdictFrom([first, decidedMass], verdict).value >= threshold;
  }
}

/**
 * The judge that these settings name: the one that was handed over, else the engine's own, else the model asked by letters. A threshold that the
 * user has given holds for any of them. Rejects with the signal's reason as soon as it is aborted, whatever the search does.
 */
export async function findJudge(engine: Engine, settings: Settings): Promise<FoundJudge> {
  const { signal, threshold } = settings;
  signal?.throwIfAborted();
  const find = settings.judge ?? (settings.judging === "auto" ? engine.findJudge : undefined) ?? letterJudge;
  const found = await new SharedWork(async () => await find(engine, settings)).wait(signal);
  if (settings.falseFlags !== undefined) return found;
  return { ...found, threshold, beginningThreshold: threshold, acceptance: undefined };
}

/** The model, asked for the letter of an option: in place in `adaptive` mode, else as in the paper, behind a preamble of examples. */
export const letterJudge: FindJudge = (engine, settings) => {
  const { principle, threshold } = settings;
  if (isAskedInPlace(settings)) return { judge: new InPlaceJudge(engine, principle, settings), name: IN_PLACE, threshold };
  return { judge: new Judge(engine, principle, settings), name: BEHIND_EXAMPLES, threshold };
};

/** How people read of a judge that is asked by letters. */
export const IN_PLACE = "asked by letters in place";
export const BEHIND_EXAMPLES = "asked by letters behind examples";

/** Whether a judge that is asked by letters reads the answer where it is written. */
function isAskedInPlace({ mode, judging, preset }: Pick<Settings, "mode" | "judging" | "preset">): boolean {
  return mode === "adaptive" && (judging === "in-place" || (judging === "auto" && preset !== "strict"));
}
