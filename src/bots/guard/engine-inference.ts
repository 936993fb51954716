import {
  DEFAULTS,
  type Engine,
  EngineError,
  type Fitness,
  type Principle,
  type Prompting,
  type RainEvent,
  unfitNotice,
} from "../../core/index.ts";
import { AnswerQueue, type QueuedOptions } from "../../serving/index.ts";
import { Calibrations } from "./calibrations.ts";
import { fittedTurns } from "./fitted-turns.ts";
import { GuildJudges } from "./guild-judges.ts";
import type {
  Account,
  Answered,
  AnswerRequest,
  AnswerWaiting,
  CalibrationReport,
  CalibrationRequest,
  CalibrationWaiting,
  CoursePoint,
  Inference,
  JudgeRequest,
  JudgesRequest,
  KnownJudge,
  Load,
  TextVerdict,
} from "./inference.ts";
import { InferenceError, inferenceErrorOf } from "./inference-error.ts";
import { Judges, type ReadyJudge } from "./judges.ts";
import { Latest } from "./latest.ts";

/** How a model is used by many. */
export interface EngineInferenceOptions {
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** How conversations are put to the model. @default "auto" */
  readonly prompting?: Prompting | undefined;
  /** Answers at once. @default half of the engine's sequences */
  readonly concurrency?: number | undefined;
  /** Answers that wait at most, of all guilds together. */
  readonly maxWaiting: number;
  /** Answers of one guild at most, so that none fills the line. */
  readonly maxOfGuild: number;
  /** Bound of one answer, from when it begins. */
  readonly answerTimeoutMs: number;
  /** Bound of one verdict. */
  readonly judgeTimeoutMs: number;
  /** Where judges are kept that guilds have taught. Left out: none can teach one. */
  readonly dataFolder?: string | undefined;
}

/** A model that works. */
interface Held {
  readonly engine: Engine;
  readonly queue: AnswerQueue;
  readonly judges: Judges;
}

/** The model in this process. One that breaks is loaded anew, and answers fail until it is back. */
export class EngineInference implements Inference {
  readonly model: string;
  readonly #loadEngine: () => Promise<Engine>;
  readonly #options: EngineInferenceOptions;
  /** Answers that are written or wait, by guild. */
  readonly #ofGuild = new Map<string, number>();
  /** `undefined`: the next who asks loads it. */
  #held: Promise<Held> | undefined;
  readonly #broken = new WeakSet<Held>();
  #closing: Promise<void> = Promise.resolve();
  readonly #principles = new SamePrinciples();
  readonly #guilds: GuildJudges | undefined;
  readonly #calibrations = new Calibrations();
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
    this.#held = Promise.resolve(this.#hold(engine));
  }

  async answer(request: AnswerRequest, waiting: AnswerWaiting = {}): Promise<Answered> {
    const { guild } = request;
    const already = this.#ofGuild.get(guild) ?? 0;
    if (already >= this.#options.maxOfGuild)
      throw new InferenceError("busy", `Expected at most ${already} questions of one guild at once, got one more`);
    this.#ofGuild.set(guild, already + 1);
    try {
      return await this.#use((held) => this.#write(held, request, waiting), waiting.signal);
    } finally {
      this.#ofGuild.set(guild, (this.#ofGuild.get(guild) ?? 1) - 1);
      if (this.#ofGuild.get(guild) === 0) this.#ofGuild.delete(guild);
    }
  }

  async judge({ turns, ...which }: JudgeRequest, signal?: AbortSignal): Promise<readonly TextVerdict[]> {
    return await this.#use(async ({ judges }) => {
      // Whatever a judge has to read before it can be asked is not in the time for a verdict.
      const ready = await this.#ready(judges, which, signal);
      using deadline = new Deadline(signal);
      deadline.begin(this.#options.judgeTimeoutMs);
      const verdicts: TextVerdict[] = [];
      for (const { verdict } of ready) verdicts.push(await verdict(turns, deadline.signal));
      return verdicts;
    }, signal);
  }

  async judges(which: JudgesRequest, signal?: AbortSignal): Promise<readonly KnownJudge[]> {
    return await this.#use(async ({ judges }) => (await this.#ready(judges, which, signal)).map(({ known }) => known), signal);
  }

  async calibrate(request: CalibrationRequest, { signal, onProgress }: CalibrationWaiting = {}): Promise<CalibrationReport> {
    const principle = this.#principles.same(request.principle);
    return await this.#calibrations.run(request.guild, signal, async (own) => {
      return await this.#use(({ judges }) => judges.calibrate({ ...request, principle }, { signal: own, onProgress }), own);
    });
  }

  async forgetGuild(guild: string): Promise<void> {
    await this.#calibrations.end(guild);
    await this.#guilds?.forget(guild);
    const held = await this.#held?.catch(() => undefined);
    held?.judges.forget(guild);
  }

  async load(): Promise<Load> {
    const { queue } = await this.#open();
    return { running: queue.running, waiting: queue.waiting };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort(away());
    const held = await this.#held?.catch(() => undefined);
    await held?.engine[Symbol.asyncDispose]();
  }

  async #ready(
    judges: Judges,
    { principles, guild, preset = DEFAULTS.preset }: JudgesRequest,
    signal: AbortSignal | undefined,
  ): Promise<readonly ReadyJudge[]> {
    const ready: ReadyJudge[] = [];
    for (const principle of principles)
      ready.push(await judges.ready({ principle: this.#principles.same(principle), preset }, guild, signal));
    return ready;
  }

  async #write({ engine, queue, judges }: Held, request: AnswerRequest, waiting: AnswerWaiting): Promise<Answered> {
    using deadline = new Deadline(waiting.signal);
    const { now, answerTimeoutMs, judgeTimeoutMs, prompting = DEFAULTS.prompting } = this.#options;
    const principle = this.#principles.same(request.principle);
    // It may have to read labelled answers first: longer than for an answer nobody waits for that.
    deadline.begin(answerTimeoutMs);
    const found = await judges.found({ principle, preset: request.preset, prompting }, deadline.signal);
    deadline.end();
    const course = new Course();
    let begun = now();
    const options: QueuedOptions = {
      ...decoding(request, waiting),
      prompting,
      principle,
      // The one that judges the whole text, too. Asked by letters, an engine has one for each answer.
      ...(engine.findJudge === undefined ? {} : { judge: () => found }),
      onUnfit: "refuse",
      signal: deadline.signal,
      judgeSignal: () => AbortSignal.timeout(judgeTimeoutMs),
      onEvent: (event) => course.add(event),
      onBegin: () => {
        begun = now();
        deadline.begin(answerTimeoutMs);
      },
    };
    const answering = queue.rain(fittedTurns(engine, request.turns, options), options);
    let text = "";
    let next = await answering.next();
    for (; !next.done; next = await answering.next()) {
      // What has no value is core's line for a refusal; guilds have their own.
      if (next.value.text === "" || next.value.value === undefined) continue;
      text += next.value.text;
      waiting.onText?.(text);
    }
    const { finishReason, rewinds, meter, judge } = next.value;
    if (judge?.isFit === false) throw new InferenceError("unfit", unfitNotice(judge.fitness as Fitness, engine.facts.model));
    const spent = { tokens: meter.emitted, forwardTokens: meter.forward, decodeSeconds: (now() - begun) / 1000 };
    return { text, finishReason, account: { principle: request.principle.name, rewinds, ...spent, ...course.account } };
  }

  async #use<Result>(work: (held: Held) => Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
    signal?.throwIfAborted();
    try {
      const held = await this.#open();
      return await work(held).catch((error: unknown) => {
        if (EngineError.isInstance(error)) this.#discard(held);
        throw error;
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw inferenceErrorOf(error);
    }
  }

  #open(): Promise<Held> {
    if (this.#life.signal.aborted) return Promise.reject(away());
    this.#held ??= this.#reload();
    return this.#held;
  }

  async #reload(): Promise<Held> {
    try {
      // Two copies of the model may not fit into memory.
      await this.#closing;
      return this.#hold(await this.#loadEngine());
    } catch (error) {
      this.#held = undefined;
      throw error;
    }
  }

  /** A broken engine is not asked again. Several answers may see it break. */
  #discard(broken: Held): void {
    if (this.#broken.has(broken)) return;
    this.#broken.add(broken);
    this.#held = undefined;
    this.#closing = closed(broken.engine);
  }

  #hold(engine: Engine): Held {
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

function decoding(request: AnswerRequest, { onText, onPosition }: AnswerWaiting): QueuedOptions {
  const { preset, maxTokens, temperature, seed, guild, revealDiscarded } = request;
  return {
    preset,
    maxTokens,
    temperature,
    seed,
    revealDiscarded,
    key: guild,
    // Nobody reads along: then all of it can still be rewound.
    ...(onText === undefined ? { heldBack: Number.POSITIVE_INFINITY } : {}),
    ...(onPosition === undefined ? {} : { onPosition }),
  };
}

/** Principles that are remembered: each holds a judge with a preamble. */
const MOST = 500;

/** Principles come as data, often from another process, and judges are kept by principle: equal ones are made one. */
class SamePrinciples {
  readonly #known = new Latest<Principle>(MOST);

  same(principle: Principle): Principle {
    const key = JSON.stringify(principle);
    const known = this.#known.get(key) ?? principle;
    this.#known.set(key, known);
    return known;
  }
}

/** Follows an answer while it is written: which verdicts there were, and where. */
class Course {
  readonly #points: CoursePoint[] = [];
  readonly #discarded: string[] = [];
  #committed = 0;

  add(event: RainEvent): void {
    if (event.type === "rewind") {
      this.#points.push({ tokens: event.committed, value: event.value, kind: "rewind" });
      if (event.discarded !== undefined) this.#discarded.push(event.discarded);
      return;
    }
    const { tokens, value } = event.step;
    this.#committed += tokens.length;
    if (value !== undefined) this.#points.push({ tokens: this.#committed, value, kind: "commit" });
  }

  get account(): Pick<Account, "course" | "discarded"> {
    return { course: this.#points, discarded: this.#discarded };
  }
}

/** A signal that is aborted with somebody else's, or when time is up. */
class Deadline implements Disposable {
  readonly #own = new AbortController();
  readonly signal: AbortSignal;
  #timer: NodeJS.Timeout | undefined;

  constructor(other?: AbortSignal) {
    this.signal = other === undefined ? this.#own.signal : AbortSignal.any([other, this.#own.signal]);
  }

  /** Time begins to run, or begins anew. */
  begin(timeoutMs: number): void {
    clearTimeout(this.#timer);
    const late = () => this.#own.abort(new InferenceError("late", `Expected an end within ${timeoutMs} ms, got none`));
    this.#timer = setTimeout(late, timeoutMs);
  }

  /** It takes as long as it takes, until time begins to run again. */
  end(): void {
    clearTimeout(this.#timer);
  }

  [Symbol.dispose](): void {
    this.end();
  }
}
