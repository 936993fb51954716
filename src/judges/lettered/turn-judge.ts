import {
  type AnswerJudge,
  ContextFullError,
  checkOptions,
  type Engine,
  type FoundJudge,
  Judge,
  Meter,
  type Principle,
  type RainOptions,
  roomToJudge,
  type Settings,
  SharedWork,
  shiftedTurns,
  type Turn,
} from "../../core/index.ts";
import { withPrompting } from "../../prompting/index.ts";
import { BEHIND_EXAMPLES, findJudge } from "./letter-judge.ts";

/** What is known of a judge of whole texts. */
export type TurnJudgeAbout = Omit<FoundJudge, "judge">;

/** A judge of whole texts, for one principle: what it says, and what is known of it. */
interface TextJudgement {
  readonly about: TurnJudgeAbout;
  readonly value: (turns: readonly Turn[], signal: AbortSignal | undefined, isWhole: boolean) => Promise<number>;
}

/**
 * A local engine as the judge of texts that it did not write: by the judge that was found for its model, or by
 * letters, in both orders of the options.
 */
export class TurnJudge {
  readonly #engine: Engine;
  readonly #options: RainOptions;
  readonly #life: AbortSignal | undefined;
  readonly #judges = new WeakMap<Principle, SharedWork<TextJudgement>>();

  /**
   * @param options which judge it is, and from which value texts pass: `judge` (without one, the engine's own way, else by letters), `falseFlags` ...
   *   By `preset: "strict"`, which is the default here, it is always asked its question; by others as while the model writes
   * @param life aborted when it will be asked no more: until then it is looked for, also when everybody who waited has left
   */
  constructor(engine: Engine, options: RainOptions = {}, life?: AbortSignal) {
    this.#engine = engine;
    this.#options = options;
    this.#life = life;
  }

  /**
   * How good the last turn is, in the light of those before it: -1 (bad) to 1 (good). Of a conversation that is too long for the context, the oldest
   * exchanges are not read.
   *
   * @param isWhole whether nothing of the last turn is still to come, or was cut off: beginnings are judged as such
   * @throws {ContextFullError} when not even the last turn fits
   * @throws {JudgeError} when the verdict is not a probability
   */
  async value(turns: readonly Turn[], principle: Principle, signal?: AbortSignal, isWhole = true): Promise<number> {
    const { value } = await this.#judgeOf(principle, signal);
    return await value(turns, signal, isWhole);
  }

  /** What is known of the judge by this principle. May read labelled answers first, once. */
  async about(principle: Principle, signal?: AbortSignal): Promise<TurnJudgeAbout> {
    return (await this.#judgeOf(principle, signal)).about;
  }

  /** Found once, shared by all waiting calls; a call after a failure, or after the last waiting call was aborted, tries again. */
  async #judgeOf(principle: Principle, signal: AbortSignal | undefined): Promise<TextJudgement> {
    const known = this.#judges.get(principle);
    const work = known === undefined || known.isLost ? new SharedWork((lasting) => this.#findJudge(principle, lasting)) : known;
    if (work !== known && this.#life !== undefined) work.wait(this.#life).catch(() => undefined);
    this.#judges.set(principle, work);
    return await work.wait(signal);
  }

  async #findJudge(principle: Principle, signal: AbortSignal): Promise<TextJudgement> {
    const given = checkOptions({ ...this.#options, principle, signal });
    const find = given.judge ?? this.#engine.findJudge;
    if (find === undefined) return this.#lettered(given);
    // What passes is what the options say.
    const settings = withPrompting(this.#engine, { ...given, preset: this.#options.preset ?? "strict", judge: find });
    const { judge, ...about } = await findJudge(this.#engine, settings);
    return { about, value: async (turns, limit, isWhole) => await this.#read(judge, turns, limit, isWhole) };
  }

  async #read(judge: AnswerJudge, turns: readonly Turn[], signal: AbortSignal | undefined, isWhole: boolean): Promise<number> {
    const last = turns.at(-1);
    const answer = this.#engine.tokenizer.tokenize(last?.role === "assistant" ? last.text : "");
    const before = last?.role === "assistant" ? turns.slice(0, -1) : turns;
    const conversation = judge.conversation(this.#latest(before, [], (read) => roomToJudge(judge, read) - answer.length));
    const call = { purpose: "evaluate", meter: new Meter(), signal } as const;
    await judge.prime(conversation, call, answer);
    const [verdict] = await judge.verdicts(conversation, [answer], call, [isWhole]);
    return verdict?.value ?? Number.NaN;
  }

  /**
   * Another model's conversation, or other people's, may be longer than this model's context: the latest exchanges are read that fit, and if need be without
   * the system's turns, or the least alone.
   */
  #latest(turns: readonly Turn[], least: readonly Turn[], room: (turns: readonly Turn[]) => number): readonly Turn[] {
    const { contextSize } = this.#engine.facts;
    const latest = shiftedTurns(turns, { rooms: [room], reserve: 0, step: Math.ceil(contextSize / 2) });
    const tried = [latest, latest.filter(({ role }) => role !== "system"), least];
    const found = tried.find((read) => room(read) >= 0);
    if (found !== undefined) return found;
    throw new ContextFullError(contextSize - Math.max(...tried.map(room)), contextSize);
  }

  #lettered({ principle, judgeExamples, threshold }: Settings): TextJudgement {
    const judge = new Judge(this.#engine, principle, { judgeExamples, verdict: "soft" });
    const value: TextJudgement["value"] = async (turns, signal) => {
      const conversation = judge.conversation(this.#latest(turns, turns.slice(-1), (read) => roomToJudge(judge, read)));
      const call = { purpose: "evaluate", meter: new Meter(), signal } as const;
      await judge.prime(conversation, call);
      const [verdict] = await judge.verdicts(conversation, [[]], call);
      return verdict?.value ?? Number.NaN;
    };
    return { about: { name: BEHIND_EXAMPLES, threshold }, value };
  }
}
