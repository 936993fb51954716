import { raceWithSignal } from "@langchain/core/runnables";
import { checkOptions, type Engine, type FindJudge, type FoundJudge, type Principle, type Turn } from "../../core/index.ts";
import { TurnJudge } from "../../judges/index.ts";
import { noticeUnfitJudge } from "./judge-notice.ts";
import type { Asked, JudgeAbout, LocalJudgeOptions, TextJudge } from "./judging.ts";

/** A local engine as a judge of texts that it did not write; says once where it is no fit one. */
export class EngineJudge implements TextJudge {
  readonly #engine: Engine;
  readonly #judge: TurnJudge;
  readonly #settings: LocalJudgeOptions;
  readonly #find: FindJudge | undefined;
  readonly #found = new WeakMap<Principle, Promise<FoundJudge>>();

  constructor(engine: Engine, settings: LocalJudgeOptions) {
    const { find = engine.findJudge, judgeExamples, life } = settings;
    this.#engine = engine;
    this.#settings = settings;
    this.#find = find;
    // Finding it is for all who ask: no single one's signal ends it.
    const lasting: FindJudge | undefined = find && ((writer, asked) => find(writer, { ...asked, judgeExamples, signal: life }));
    this.#judge = new TurnJudge(engine, judgeExamples, lasting);
  }

  async judge(turns: readonly Turn[], asked: Asked): Promise<number> {
    await this.about(asked);
    return await this.#judge.value(turns, asked.principle, asked.signal);
  }

  async about({ principle, signal }: Asked): Promise<JudgeAbout> {
    const { model } = this.#engine.facts;
    if (this.#find === undefined) return { model, fitness: undefined };
    const found = await raceWithSignal(this.#findOnce(this.#find, principle), signal);
    const { fitness, threshold, beginningThreshold, acceptance, beginningAcceptance } = found;
    noticeUnfitJudge(this.#engine, fitness, this.#settings.onNotice);
    return { model, fitness, threshold, beginningThreshold, acceptance, beginningAcceptance };
  }

  async #findOnce(find: FindJudge, principle: Principle): Promise<FoundJudge> {
    const { judgeExamples, life } = this.#settings;
    const known =
      this.#found.get(principle) ?? Promise.resolve(find(this.#engine, checkOptions({ principle, judgeExamples, signal: life })));
    this.#found.set(principle, known);
    try {
      return await known;
    } catch (error) {
      // Who comes next tries again.
      this.#found.delete(principle);
      throw error;
    }
  }
}
