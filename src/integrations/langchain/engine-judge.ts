import { ContextFullError, type Engine, Judge, Meter, type Prefix, type Principle, type Turn } from "../../core/index.ts";
import { noticeUnfitJudge } from "./judge-notice.ts";
import type { Asked, JudgeSettings, TextJudge } from "./judging.ts";

/** A local engine as the judge of texts that it did not write: core's judge, both orders of the options, one batch. */
export class EngineJudge implements TextJudge {
  readonly #engine: Engine;
  readonly #judgeExamples: number;
  readonly #onNotice: JudgeSettings["onNotice"];
  readonly #judges = new WeakMap<Principle, Judge>();

  constructor(engine: Engine, { judgeExamples, onNotice }: JudgeSettings) {
    this.#engine = engine;
    this.#judgeExamples = judgeExamples;
    this.#onNotice = onNotice;
  }

  /** @throws {ContextFullError} when not even the judged turn fits into the context */
  async judge(turns: readonly Turn[], { principle, signal }: Asked): Promise<number> {
    const asked = { principle, judging: "preamble", judgeExamples: this.#judgeExamples } as const;
    if (this.#onNotice !== undefined) noticeUnfitJudge(this.#engine, asked, this.#onNotice);
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

  /** As many of the last turns as fit, with a question behind them: a hosted model's conversation may be longer than a local context. */
  #fitted(turns: readonly Turn[], judge: Judge): Prefix {
    for (let first = 0; first < turns.length; first++) {
      const conversation = judge.conversation(turns.slice(first));
      if (judge.longestAnswer(conversation) >= 0) return conversation;
    }
    const { contextSize } = this.#engine.facts;
    throw new ContextFullError(contextSize - judge.longestAnswer(judge.conversation(turns.slice(-1))), contextSize);
  }
}
