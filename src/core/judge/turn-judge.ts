import type { Engine, Prefix, Turn } from "../engine/engine.ts";
import { ContextFullError } from "../errors.ts";
import { Meter } from "../meter.ts";
import { Judge } from "./judge.ts";
import type { Principle } from "./principle.ts";

/** A local engine as the judge of texts that it did not write: both orders of the options, in one batch. */
export class TurnJudge {
  readonly #engine: Engine;
  readonly #judgeExamples: number;
  readonly #judges = new WeakMap<Principle, Judge>();

  constructor(engine: Engine, judgeExamples: number) {
    this.#engine = engine;
    this.#judgeExamples = judgeExamples;
  }

  /**
   * How good the last turn is, in the light of those before it, of which the latest are read that fit into the context:
   * -1 (bad) to 1 (good).
   *
   * @throws {ContextFullError} when not even the last turn fits
   * @throws {JudgeError} when the verdict is not a probability
   */
  async value(turns: readonly Turn[], principle: Principle, signal?: AbortSignal): Promise<number> {
    const judge = this.#judgeOf(principle);
    const conversation = this.#fitted(turns, judge);
    const call = { purpose: "evaluate", meter: new Meter(), signal } as const;
    await judge.prime(conversation, call);
    const [opinion] = await judge.opinions(conversation, [[]], call);
    return opinion?.value ?? Number.NaN;
  }

  #judgeOf(principle: Principle): Judge {
    const known = this.#judges.get(principle);
    if (known !== undefined) return known;
    const judge = new Judge(this.#engine, principle, { judgeExamples: this.#judgeExamples, verdict: "soft" });
    this.#judges.set(principle, judge);
    return judge;
  }

  /** Another model's conversation, or other people's, may be longer than this model's context. */
  #fitted(turns: readonly Turn[], judge: Judge): Prefix {
    for (let first = 0; first < turns.length; first++) {
      const conversation = judge.conversation(turns.slice(first));
      if (judge.longestAnswer(conversation) >= 0) return conversation;
    }
    const { contextSize } = this.#engine.facts;
    throw new ContextFullError(contextSize - judge.longestAnswer(judge.conversation(turns.slice(-1))), contextSize);
  }
}
