import { resolve } from "node:path";
import { type Engine, EngineError, isRecord, type Rule, SharedWork } from "../../core/index.ts";
import { type LlamaEngineOptions, type SharedEngineOptions as LlamaLoadOptions, loadLlamaEngine } from "../../llama.ts";
import { AnswerQueue, type AnswerQueueOptions } from "../../serving/index.ts";
import { emit } from "../judging/events.ts";

const ENGINE_OPTIONS = ["gpu", "gpuLayers", "contextSize", "sequences", "threads", "flashAttention", "cacheType", "deterministic"] as const;

/** What tells two engines of one file apart. */
const SHARED_OPTIONS = [...ENGINE_OPTIONS, "concurrency", "maxWaiting"] as const satisfies readonly (keyof LoadOptions)[];

export const LOAD_OPTIONS = [...SHARED_OPTIONS, "keepAlive"] as const satisfies readonly (keyof LoadOptions)[];

/** What to load, and how. Two models for which all of it but `keepAlive` is the same share one engine. */
export interface LoadOptions extends Pick<LlamaEngineOptions, (typeof ENGINE_OPTIONS)[number]>, AnswerQueueOptions {
  /**
   * Seconds after which a model that nobody asks anything is freed; the next call loads it again. Of those who share one, the longest holds. An engine that
   * was given is its owner's. @default it stays
   */
  readonly keepAlive?: number;
}

/** Timers count up to 2 ** 31 milliseconds. */
export const KEEP_ALIVE_RULE: Rule = {
  expected: "a positive number of seconds, up to 2,000,000",
  isMet: (value) => typeof value === "number" && value > 0 && value <= 2_000_000,
};

/** What says how a model is loaded, of all that a model of LangChain is made with. */
export function loadOptions(fields: LoadOptions): LoadOptions {
  return Object.fromEntries(LOAD_OPTIONS.map((name) => [name, fields[name]]).filter(([, value]) => value !== undefined));
}

/** Without what is said to the queue. */
export function engineOptions({
  concurrency: _concurrency,
  maxWaiting: _maxWaiting,
  keepAlive: _keepAlive,
  ...engine
}: LoadOptions): LlamaEngineOptions {
  return engine;
}

/** How far loading is, or the reading of labelled answers when a judge is fitted at its first use. */
export interface LoadProgress {
  readonly phase: "download" | "load" | "judge";
  /** Of this phase. Range [0, 1]. */
  readonly share: number;
}

/** What may be told of an engine while it loads, and while it is worked with. */
export interface EngineListener {
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** Told what a person should know although it works, such as that memory was short. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/** How one caller waits for an engine. */
export interface EngineWaiting extends EngineListener {
  readonly signal?: AbortSignal | undefined;
}

/** An engine, and the queue of all answers on it. */
export interface HostedEngine {
  readonly engine: Engine;
  readonly queue: AnswerQueue;
  /** Until it is disposed of, what the engine tells goes to this listener too, and the engine stays, however long nothing else is asked of it. */
  readonly use: (listener?: EngineListener) => Disposable;
}

/** Where a chat model's engine comes from. */
export interface EngineSource {
  /**
   * The engine, as soon as it is there. The first call makes it load.
   *
   * @throws {EngineError} when it cannot be loaded, or was released; and the reason of `waiting.signal`
   */
  hosted(waiting?: EngineWaiting): Promise<HostedEngine>;

  /** The engine, if it is there. */
  readonly current: HostedEngine | undefined;

  /** The engine is not needed here any more. */
  release(): Promise<void>;
}

/** An engine that its owner loads, listens to and frees. */
function givenEngine(engine: Engine, options: LoadOptions): EngineSource {
  const current = hostedBy(engine, options, () => ({ [Symbol.dispose]: () => undefined }));
  return { current, hosted: async () => current, release: async () => undefined };
}

/** What may stand where a model is named. */
export const MODEL_RULE: Rule = {
  expected: "`embedded`, a path, an address or an engine",
  isMet: (value) => (typeof value === "string" && value !== "") || isEngine(value),
};

/** Of the engine that a field names: shared with all who name the same and load it the same way, or given. */
export function sourceOf(model: string | Engine, options: LoadOptions): EngineSource {
  return typeof model === "string" ? ENGINES.source(model, options) : givenEngine(model, options);
}

/** Whether a value has all that an engine has. */
export function isEngine(value: unknown): value is Engine {
  if (!isRecord(value)) return false;
  const { facts, tokenizer, next, hold } = value as Partial<Engine>;
  return isRecord(facts) && isRecord(tokenizer) && typeof next === "function" && typeof hold === "function";
}

/** What calls reject with that use what was disposed of. */
export function released(): EngineError {
  return new EngineError("disposed", "Expected a chat model in use, got one that was disposed");
}

export type LoadEngine = (options: LlamaLoadOptions) => Promise<Engine>;

/** Engines by what was loaded. One that is used no more is freed. */
export class SharedEngines {
  readonly #load: LoadEngine;
  readonly #shared = new Map<string, SharedEngine>();

  constructor(load: LoadEngine = loadLlamaEngine) {
    this.#load = load;
  }

  /** An engine that is loaded when it is first needed, and shared with all who need the same. */
  source(model: string, options: LoadOptions): EngineSource {
    return new LoadedEngine(() => this.#join(model, options), options.keepAlive);
  }

  /** The engine for one more user, who calls `join` and `leave` once each. */
  #join(model: string, options: LoadOptions): SharedEngine {
    const key = JSON.stringify([isFile(model) ? resolve(model) : model, ...SHARED_OPTIONS.map((name) => options[name] ?? "default")]);
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const forget = () => {
      if (this.#shared.get(key) === shared) this.#shared.delete(key);
    };
    const loading = { ...engineOptions(options), model };
    const shared: SharedEngine = new SharedEngine((events) => this.#load({ ...loading, ...events }), options, forget);
    this.#shared.set(key, shared);
    return shared;
  }
}

/**
 * All engines that chat models of this process have loaded: the one piece of state that this package keeps by itself, as a model is
 * gigabytes of memory and two chains that name the same file should hold it once.
 */
const ENGINES = new SharedEngines();

/** One user of a shared engine. */
class LoadedEngine implements EngineSource {
  readonly #find: () => SharedEngine;
  readonly #keepAlive: number | undefined;
  #shared: SharedEngine | undefined;
  #current: HostedEngine | undefined;
  #isReleased = false;

  constructor(find: () => SharedEngine, keepAlive: number | undefined) {
    this.#find = find;
    this.#keepAlive = keepAlive;
  }

  get current(): HostedEngine | undefined {
    return this.#current;
  }

  async hosted(waiting: EngineWaiting = {}): Promise<HostedEngine> {
    if (this.#isReleased) throw released();
    if (this.#shared === undefined || this.#shared.isLost) {
      this.#shared = this.#find();
      this.#shared.join(this.#keepAlive);
    }
    const hosted = await this.#shared.hosted(waiting);
    if (this.#isReleased) throw released();
    this.#current = hosted;
    return hosted;
  }

  async release(): Promise<void> {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#current = undefined;
    await this.#shared?.leave(this.#keepAlive, released());
  }
}

/** How loading reports, and is told to stop. */
type LoadEvents = Required<Pick<LlamaLoadOptions, "signal" | "onDownload" | "onLoad" | "onNotice" | "onJudge">>;

/** One engine and its users. It goes on loading whichever of them leaves, as long as one is left, and rests where none has asked anything for so long. */
class SharedEngine {
  /** Whether it cannot be had any more: loading failed, or its last user left. */
  isLost = false;
  /** For how many seconds each user wants it kept. */
  readonly #users: number[] = [];
  readonly #controller = new AbortController();
  /** Of all calls that are under way: they wait for it, or use it. */
  readonly #listeners = new Set<EngineListener>();
  readonly #load: () => Promise<HostedEngine>;
  readonly #forget: () => void;
  /** Missing while it is not loaded. */
  #hosted: Promise<HostedEngine> | undefined;
  /** Until memory is free again: two of them may be more than there is. */
  #freeing: Promise<unknown> | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(load: (events: LoadEvents) => Promise<Engine>, options: LoadOptions, forget: () => void) {
    this.#forget = () => {
      this.isLost = true;
      clearTimeout(this.#idle);
      forget();
    };
    const events: LoadEvents = {
      signal: this.#controller.signal,
      onDownload: ({ downloadedBytes, totalBytes }) =>
        this.#progress({ phase: "download", share: downloadedBytes / Math.max(1, totalBytes) }),
      onLoad: (share) => this.#progress({ phase: "load", share }),
      onJudge: (share) => this.#progress({ phase: "judge", share }),
      onNotice: (notice) => this.#emit(({ onNotice }) => onNotice, notice),
    };
    this.#load = async () => hostedBy(await load(events), options, (listener) => this.#use(listener));
  }

  join(keepAlive = Number.POSITIVE_INFINITY): void {
    this.#users.push(keepAlive);
  }

  /** Begins to load it where it is not there. Rejects as loading does, and as soon as the signal is aborted, with its reason. */
  async hosted(waiting: EngineWaiting): Promise<HostedEngine> {
    waiting.signal?.throwIfAborted();
    using _ = this.#use(waiting);
    const hosted = this.#hosted ?? this.#begin();
    return await new SharedWork(() => hosted).wait(waiting.signal);
  }

  /** The last user frees the engine; what is being written on it then fails as disposed. */
  async leave(keepAlive = Number.POSITIVE_INFINITY, reason: Error): Promise<void> {
    this.#users.splice(this.#users.indexOf(keepAlive), 1);
    if (this.#users.length > 0) return;
    this.#forget();
    this.#controller.abort(reason);
    await this.#free();
  }

  #begin(): Promise<HostedEngine> {
    const hosted = this.#freeing === undefined ? this.#load() : this.#freeing.then(this.#load);
    // What could not be loaded may be tried again; each call that waits rejects by itself.
    hosted.catch(this.#forget);
    this.#hosted = hosted;
    return hosted;
  }

  async #free(): Promise<void> {
    const hosted = this.#hosted;
    this.#hosted = undefined;
    const freeing = Promise.allSettled([this.#freeing, hosted?.then(({ engine }) => engine[Symbol.asyncDispose]())]);
    this.#freeing = freeing;
    await freeing;
    if (this.#freeing === freeing) this.#freeing = undefined;
  }

  #use(listener: EngineListener = {}): Disposable {
    // An object of its own: a listener that is added twice hears until both are disposed of.
    const own = { ...listener };
    this.#listeners.add(own);
    clearTimeout(this.#idle);
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(own);
        this.#rest();
      },
    };
  }

  /** Where no call is under way any more, it is freed after a while. */
  #rest(): void {
    clearTimeout(this.#idle);
    const seconds = Math.max(...this.#users);
    if (this.#listeners.size > 0 || this.isLost || !Number.isFinite(seconds)) return;
    this.#idle = setTimeout(() => void this.#free(), seconds * 1000);
    this.#idle.unref();
  }

  #progress(progress: LoadProgress): void {
    this.#emit(({ onProgress }) => onProgress, progress);
  }

  /** A function that several calls listen with is told once. */
  #emit<Event>(listening: (listener: EngineListener) => ((event: Event) => void) | undefined, event: Event): void {
    for (const listener of new Set([...this.#listeners].map(listening))) emit(listener, event);
  }
}

function hostedBy(engine: Engine, { concurrency, maxWaiting = ANY_NUMBER }: AnswerQueueOptions, use: HostedEngine["use"]): HostedEngine {
  const queue = new AnswerQueue(engine, concurrency === undefined ? { maxWaiting } : { concurrency, maxWaiting });
  return { engine, queue, use };
}

/** Chains send batches of any size, and expect each of them to wait for its turn. */
const ANY_NUMBER = Number.MAX_SAFE_INTEGER;

function isFile(model: string): boolean {
  return model !== "embedded" && !/^(hf|huggingface|https?):/.test(model);
}
