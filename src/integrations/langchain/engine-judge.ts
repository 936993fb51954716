import { type Engine, type Turn, TurnJudge } from "../../core/index.ts";
import { noticeUnfitJudge } from "./judge-notice.ts";
import type { Asked, JudgeSettings, TextJudge } from "./judging.ts";

/** A local engine as a judge; says once where it is no fit one. */
export class EngineJudge implements TextJudge {
  readonly #engine: Engine;
  readonly #judge: TurnJudge;
  readonly #settings: JudgeSettings;

  constructor(engine: Engine, settings: JudgeSettings) {
    this.#engine = engine;
    this.#judge = new TurnJudge(engine, settings.judgeExamples);
    this.#settings = settings;
  }

  async judge(turns: readonly Turn[], { principle, signal }: Asked): Promise<number> {
    const { judgeExamples, onNotice } = this.#settings;
    if (onNotice !== undefined) noticeUnfitJudge(this.#engine, { principle, judging: "preamble", judgeExamples }, onNotice);
    return await this.#judge.value(turns, principle, signal);
  }
}
