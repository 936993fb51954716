import { checkOptions } from "../check-options.ts";
import type { Engine } from "../engine/engine.ts";
import type { RainOptions } from "../options.ts";
import { SharedWork } from "../shared-work.ts";
import { type Checkup, type JudgeChoice, judgeChoice, type MeasureJudge, measureJudge, unfitWarning } from "./checkup.ts";

/** What is known of one judge. */
interface Known {
  readonly work: SharedWork<Checkup | undefined>;
  isTold: boolean;
}

/**
 * Warns once of a model that is no fit judge of itself, before it is trusted with an answer. Each judge (an engine, a principle, a
 * way of judging) is measured once, however many ask; a measurement that was aborted or failed is not remembered. Keep one gate for
 * as long as nobody should hear the same warning again.
 */
export class JudgeGate {
  readonly #measure: MeasureJudge;
  readonly #known = new WeakMap<Engine, Map<string, Known>>();

  /** @param measure how a judge is measured, for who keeps what was found out before. @default measureJudge */
  constructor(measure: MeasureJudge = measureJudge) {
    this.#measure = measure;
  }

  /**
   * To be asked before each answer, with the options of that answer: one line, the first time that they name a judge who is unfit
   * (balanced accuracy below 0.65) or cannot be asked at all, else `undefined`. The answer itself is free to follow or not.
   *
   * @throws {OptionError} for options that cannot be meant
   * @throws {EngineError} when the engine fails, as it would for the answer; and the reason of `options.signal`
   */
  async warning(engine: Engine, options: RainOptions = {}): Promise<string | undefined> {
    const settings = checkOptions(options);
    const choice = judgeChoice(settings);
    if (choice === undefined) return undefined;
    const known = this.#knownOf(engine, choice);
    const warning = unfitWarning(await known.work.wait(settings.signal), choice, engine);
    if (known.isTold) return undefined;
    known.isTold = true;
    return warning;
  }

  #knownOf(engine: Engine, choice: JudgeChoice): Known {
    const judges = this.#known.get(engine) ?? new Map<string, Known>();
    this.#known.set(engine, judges);
    // A principle is data: two that say the same are one.
    const key = JSON.stringify(choice);
    const known = judges.get(key);
    if (known !== undefined && !known.work.isLost) return known;
    const fresh: Known = { work: new SharedWork((signal) => this.#measure(engine, choice, signal)), isTold: false };
    judges.set(key, fresh);
    return fresh;
  }
}
