import {
  type AnswerJudge,
  ContextFullError,
  checkOptions,
  type Engine,
  type FindJudge,
  type FoundJudge,
  Judge,
  Meter,
  type Principle,
  roomToJudge,
  SharedWork,
  shiftedTurns,
  type Turn,
} from "../../core/index.ts";
import { withPrompting } from "../../prompting/index.ts";
import { findJudge } from "./letter-judge.ts";

/** A judge of whole texts, for one principle: what it says, and what is known of it. */
interface TextJudgement extends Pick<FoundJudge, "fitness"> {
  readonly value: (turns: readonly Turn[], signal: AbortSignal | undefined) => Promise<number>;
}

/**
 * A local engine as the judge of texts that it did not write: by the judge that was found for its model, which is always asked its question, or by
 * letters, in both orders of the options.
 */
export class TurnJudge {
  readonly #engine: Engine;
  readonly #judgeExamples: number;
  readonly #find: FindJudge | undefined;
  readonly #judges = new WeakMap<Principle, SharedWork<TextJudgement>>();

  /** @param find finds the judge. @default the engine's own way; without one, the engine is asked by letters */
  constructor(engine: Engine, judgeExamples: number, find: FindJudge | undefined = engine.findJudge) {
    this.#engine = engine;
    this.#judgeExamples = judgeExamples;
    this.#find = find;
  }

  /**
   * How good the last turn is, in the light of those before it: -1 (bad) to 1 (good). Of a conversation that is too long for the context, the oldest
   * exchanges are not read.
   *
   * @throws {ContextFullError} when not even the last turn fits
   * @throws {JudgeError} when the verdict is not a probability
   */
  async value(turns: readonly Turn[], principle: Principle, signal?: AbortSignal): Promise<number> {
    const { value } = await this.#judgeOf(principle, signal);
    return await value(turns, signal);
  }

  /** What is known of the judge by this principle; `undefined` where it was never measured. May read labelled answers first, once. */
  async fitness(principle: Principle, signal?: AbortSignal): Promise<FoundJudge["fitness"]> {
    return (await this.#judgeOf(principle, signal)).fitness;
  }

  /** Found once, shared by all waiting calls; a call after a failure, or after the last waiting call was aborted, tries again. */
  async #judgeOf(principle: Principle, signal: AbortSignal | undefined): Promise<TextJudgement> {
    const known = this.#judges.get(principle);
    const work = known === undefined || known.isLost ? new SharedWork((lasting) => this.#findJudge(principle, lasting)) : known;
    this.#judges.set(principle, work);
    return await work.wait(signal);
  }

  async #findJudge(principle: Principle, signal: AbortSignal): Promise<TextJudgement> {
    if (this.#find === undefined) return this.#lettered(principle);
    const settings = withPrompting(this.#engine, checkOptions({ principle, preset: "strict", judge: this.#find, signal }));
    const { judge, fitness } = await findJudge(this.#engine, settings);
    return { fitness, value: async (turns, limit) => await this.#read(judge, turns, limit) };
  }

  async #read(judge: AnswerJudge, turns: readonly Turn[], signal: AbortSignal | undefined): Promise<number> {
    const last = turns.at(-1);
    const answer = this.#engine.tokenizer.tokenize(last?.role === "assistant" ? last.text : "");
    const before = last?.role === "assistant" ? turns.slice(0, -1) : turns;
    const conversation = judge.conversation(this.#latest(before, [], (read) => roomToJudge(judge, read) - answer.length));
    const call = { purpose: "evaluate", meter: new Meter(), signal } as const;
    await judge.prime(conversation, call);
    const [verdict] = await judge.verdicts(conversation, [answer], call, [true]);
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

  #lettered(principle: Principle): TextJudgement {
    const judge = new Judge(this.#engine, principle, { judgeExamples: this.#judgeExamples, verdict: "soft" });
    const value: TextJudgement["value"] = async (turns, signal) => {
      const conversation = judge.conversation(this.#latest(turns, turns.slice(-1), (read) => roomToJudge(judge, read)));
      const call = { purpose: "evaluate", meter: new Meter(), signal } as const;
      await judge.prime(conversation, call);
      const [verdict] = await judge.verdicts(conversation, [[]], call);
      return verdict?.value ?? Number.NaN;
    };
    return { fitness: undefined, value };
  }
}
