import { EitherSignal, type Engine, EngineError } from "../../core/index.ts";
import { AnswerQueue } from "../../serving/index.ts";
import type {
  Answered,
  AnswerRequest,
  AnswerWaiting,
  CalibrationReport,
  CalibrationRequest,
  CalibrationWaiting,
  Inference,
  JudgeRequest,
  JudgesRequest,
  KnownJudge,
  Load,
  TextVerdict,
} from "./inference.ts";
import { InferenceError, inferenceErrorOf } from "./inference-error.ts";
import { GuildJudges, Judges, waited } from "./judges.ts";
import { Deadline, type LoadedModel, type WritingOptions, writeAnswer } from "./write-answer.ts";

/** How a model is used by many. */
export interface EngineInferenceOptions extends WritingOptions {
  /** Answers at once. @default half of the engine's sequences */
  readonly concurrency?: number | undefined;
  /** Answers that wait at most, of all guilds together. */
  readonly maxWaiting: number;
  /** Answers of one guild at most, so that none fills the line. */
  readonly maxOfGuild: number;
  /** Where judges are kept that guilds have taught. Left out: none can teach one. */
  readonly dataFolder?: string | undefined;
}

/** The model in this process. One that breaks is loaded anew, and answers fail until it is back. */
export class EngineInference implements Inference {
  readonly model: string;
  readonly #loadEngine: () => Promise<Engine>;
  readonly #options: EngineInferenceOptions;
  /** Answers that are written or wait, by guild. */
  readonly #ofGuild = new Map<string, number>();
  /** `undefined`: the next request loads it. */
  #current: Promise<LoadedModel> | undefined;
  readonly #broken = new WeakSet<LoadedModel>();
  #closing: Promise<void> = Promise.resolve();
  readonly #guilds: GuildJudges | undefined;
  readonly #calibrations = new CalibrationLine();
  readonly #life = new AbortController();

  /** @throws {EngineError} when the model cannot be loaded */
  static async start(loadEngine: () => Promise<Engine>, options: EngineInferenceOptions): Promise<EngineInference> {
    return new EngineInference(await loadEngine(), loadEngine, options);
  }

  private constructor(engine: Engine, loadEngine: () => Promise<Engine>, options: EngineInferenceOptions) {
    this.model = engine.facts.model;
    this.#loadEngine = loadEngine;
    this.#options = options;
    this.#guilds = options.dataFolder === undefined ? undefined : new GuildJudges(options.dataFolder);
    this.#current = Promise.resolve(this.#modelOf(engine));
  }

  async answer(request: AnswerRequest, waiting: AnswerWaiting = {}): Promise<Answered> {
    const { guild } = request;
    const already = this.#ofGuild.get(guild) ?? 0;
    if (already >= this.#options.maxOfGuild)
      throw new InferenceError("busy", `Expected at most ${already} questions of one guild at once, got one more`);
    this.#ofGuild.set(guild, already + 1);
    try {
      return await this.#use((loaded) => writeAnswer(loaded, this.#options, request, waiting), waiting.signal);
    } finally {
      this.#ofGuild.set(guild, (this.#ofGuild.get(guild) ?? 1) - 1);
      if (this.#ofGuild.get(guild) === 0) this.#ofGuild.delete(guild);
    }
  }

  async judge({ turns, isBeginning = false, ...which }: JudgeRequest, signal?: AbortSignal): Promise<readonly TextVerdict[]> {
    return await this.#use(async ({ judges }) => {
      // Whatever a judge has to read before it can be asked is not in the time for a verdict.
      const ready = await judges.ready(which, signal);
      using deadline = new Deadline(signal);
      deadline.begin(this.#options.judgeTimeoutMs);
      const verdicts: TextVerdict[] = [];
      for (const { verdict } of ready) verdicts.push(await verdict(turns, deadline.signal, !isBeginning));
      return verdicts;
    }, signal);
  }

  async judges(which: JudgesRequest, signal?: AbortSignal): Promise<readonly KnownJudge[]> {
    return await this.#use(async ({ judges }) => (await judges.ready(which, signal)).map(({ known }) => known), signal);
  }

  async calibrate(request: CalibrationRequest, { signal, onProgress }: CalibrationWaiting = {}): Promise<CalibrationReport> {
    return await this.#calibrations.run(request.guild, signal, (own) =>
      this.#use(({ judges }) => judges.calibrate(request, { signal: own, onProgress }), own),
    );
  }

  async forgetGuild(guild: string): Promise<void> {
    await this.#calibrations.end(guild);
    await this.#guilds?.forget(guild);
    const loaded = await this.#current?.catch(() => undefined);
    loaded?.judges.forget(guild);
  }

  async load(): Promise<Load> {
    const { queue } = await this.#open();
    return { running: queue.running, waiting: queue.waiting };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort(away());
    const loaded = await this.#current?.catch(() => undefined);
    await loaded?.engine[Symbol.asyncDispose]();
  }

  async #use<Result>(work: (model: LoadedModel) => Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
    signal?.throwIfAborted();
    try {
      const loaded = await this.#open();
      return await work(loaded).catch((error: unknown) => {
        if (EngineError.isInstance(error)) this.#discard(loaded);
        throw error;
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw inferenceErrorOf(error);
    }
  }

  #open(): Promise<LoadedModel> {
    if (this.#life.signal.aborted) return Promise.reject(away());
    this.#current ??= this.#reload();
    return this.#current;
  }

  async #reload(): Promise<LoadedModel> {
    try {
      // Two copies of the model may not fit into memory.
      await this.#closing;
      return this.#modelOf(await this.#loadEngine());
    } catch (error) {
      this.#current = undefined;
      throw error;
    }
  }

  /** A broken engine is not asked again. Several answers may see it break. */
  #discard(broken: LoadedModel): void {
    if (this.#broken.has(broken)) return;
    this.#broken.add(broken);
    this.#current = undefined;
    this.#closing = closed(broken.engine);
  }

  #modelOf(engine: Engine): LoadedModel {
    const { concurrency, maxWaiting } = this.#options;
    const queue = new AnswerQueue(engine, { maxWaiting, ...(concurrency === undefined ? {} : { concurrency }) });
    return { engine, queue, judges: new Judges(engine, { guilds: this.#guilds, life: this.#life.signal }) };
  }
}

function away(): InferenceError {
  return new InferenceError("away", "Expected a model, got one that was disposed of");
}

/** What is broken may fail once more when it is closed: that changes nothing. */
async function closed(engine: Engine): Promise<void> {
  try {
    await engine[Symbol.asyncDispose]();
  } catch {
    // It was broken already.
  }
}

/** A calibration that runs or waits. */
interface RunningCalibration {
  readonly stop: AbortController;
  readonly done: Promise<unknown>;
}

/** Teaches one guild's judge after the other, so that beside answers there is never more than one step of it; a guild has one in the line. */
class CalibrationLine {
  readonly #ofGuild = new Map<string, RunningCalibration>();
  #line: Promise<unknown> = Promise.resolve();

  /** @throws {InferenceError} `busy`: there is one of this guild already; `away`: the guild has left */
  async run<Result>(guild: string, signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    signal?.throwIfAborted();
    if (this.#ofGuild.has(guild)) throw new InferenceError("busy", "Expected one calibration of a guild at once, got one more");
    const stop = new AbortController();
    using either = new EitherSignal(signal, stop.signal);
    const own = either.signal;
    const before = this.#line;
    const done = (async () => {
      await waited(before, own);
      return await work(own);
    })();
    // One that left the line early holds none up, and none comes before its turn.
    this.#line = Promise.allSettled([before, done]);
    this.#ofGuild.set(guild, { stop, done });
    try {
      return await done;
    } finally {
      this.#ofGuild.delete(guild);
    }
  }

  /** Resolves when nothing is being taught to this guild any more. */
  async end(guild: string): Promise<void> {
    const calibration = this.#ofGuild.get(guild);
    calibration?.stop.abort(new InferenceError("away", "Expected a guild, got one that is left"));
    await calibration?.done.catch(() => undefined);
  }
}
