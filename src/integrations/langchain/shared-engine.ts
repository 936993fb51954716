import { resolve } from "node:path";
import type { Engine } from "../../core/index.ts";
import { type LlamaEngineOptions, type SharedEngineOptions as LlamaLoadOptions, loadLlamaEngine } from "../../llama.ts";
import { AnswerQueue, type AnswerQueueOptions } from "../../serving/index.ts";
import { tell } from "./notice.ts";

/** What to load, and how. Two models for which all of it is the same share one engine. */
export interface LoadOptions
  extends Pick<LlamaEngineOptions, "gpu" | "gpuLayers" | "contextSize" | "sequences" | "threads" | "flashAttention" | "cacheType">,
    AnswerQueueOptions {}

export const LOAD_OPTIONS = [
  "gpu",
  "gpuLayers",
  "contextSize",
  "sequences",
  "threads",
  "flashAttention",
  "cacheType",
  "concurrency",
  "maxWaiting",
] as const satisfies readonly (keyof LoadOptions)[];

/** Without what is said to the queue. */
export function engineOptions({ concurrency: _concurrency, maxWaiting: _maxWaiting, ...engine }: LoadOptions): LlamaEngineOptions {
  return engine;
}

/** How far loading is, or the reading of labelled answers when a judge is fitted at its first use. */
export interface LoadProgress {
  readonly phase: "download" | "load" | "judge";
  /** Of this phase. Range [0, 1]. */
  readonly share: number;
}

/** An engine, and the queue of all answers on it. */
export interface Hosted {
  readonly engine: Engine;
  readonly queue: AnswerQueue;
  /** Whoever works with the engine hears what it tells meanwhile, until disposed of. */
  readonly listen: (listener: Listener) => Disposable;
}

/** Who hears what an engine tells. */
export interface Listener {
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** Told what a person should know although it works, such as that memory was short. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/** Who waits for an engine. */
export interface Waiting extends Listener {
  readonly signal?: AbortSignal | undefined;
}

export type LoadEngine = (options: LlamaLoadOptions) => Promise<Engine>;

/** Engines by what was loaded. One that nobody uses any more is freed. */
export class SharedEngines {
  readonly #load: LoadEngine;
  readonly #shared = new Map<string, SharedEngine>();

  constructor(load: LoadEngine = loadLlamaEngine) {
    this.#load = load;
  }

  /** Counts one more user of this engine, which begins to load if it is not there. Each user calls `leave` once. */
  join(model: string, options: LoadOptions): SharedEngine {
    const key = JSON.stringify([isFile(model) ? resolve(model) : model, ...LOAD_OPTIONS.map((name) => options[name] ?? "default")]);
    const known = this.#shared.get(key);
    if (known !== undefined) {
      known.users++;
      return known;
    }
    const forget = () => {
      if (this.#shared.get(key) === shared) this.#shared.delete(key);
    };
    const loading = { ...engineOptions(options), model };
    const shared: SharedEngine = new SharedEngine((events) => this.#load({ ...loading, ...events }), options, forget);
    this.#shared.set(key, shared);
    return shared;
  }
}

/** How loading reports, and is told to stop. */
type LoadEvents = Required<Pick<LlamaLoadOptions, "signal" | "onDownload" | "onLoad" | "onNotice" | "onJudge">>;

/** One engine and its users. It goes on loading whoever leaves, as long as one is left. */
export class SharedEngine {
  users = 1;
  /** Whether it cannot be had any more: loading failed, or nobody uses it. */
  isLost = false;
  readonly #controller = new AbortController();
  readonly #listeners = new Set<Listener>();
  readonly #forget: () => void;
  readonly #hosted: Promise<Hosted>;

  constructor(load: (events: LoadEvents) => Promise<Engine>, options: LoadOptions, forget: () => void) {
    this.#forget = () => {
      this.isLost = true;
      forget();
    };
    const loading = load({
      signal: this.#controller.signal,
      onDownload: ({ downloadedBytes, totalBytes }) => this.#tell({ phase: "download", share: downloadedBytes / Math.max(1, totalBytes) }),
      onLoad: (share) => this.#tell({ phase: "load", share }),
      onJudge: (share) => this.#tell({ phase: "judge", share }),
      onNotice: (notice) => {
        for (const onNotice of new Set([...this.#listeners].map((listener) => listener.onNotice))) tell(onNotice, notice);
      },
    });
    this.#hosted = loading.then((engine) => hostedBy(engine, options, (listener) => this.#listen(listener)));
    // What could not be loaded may be tried again. Who waits hears of the failure.
    this.#hosted.catch(this.#forget);
  }

  /** Rejects as loading does, and as soon as the signal is aborted, with its reason. */
  async hosted(waiting: Waiting): Promise<Hosted> {
    const { signal } = waiting;
    signal?.throwIfAborted();
    using _ = this.#listen(waiting);
    let abort: (() => void) | undefined;
    const aborted = new Promise<never>((_, reject) => {
      abort = () => reject(signal?.reason);
      signal?.addEventListener("abort", abort, { once: true });
    });
    try {
      return await Promise.race([this.#hosted, aborted]);
    } finally {
      if (abort !== undefined) signal?.removeEventListener("abort", abort);
    }
  }

  /** The last user frees the engine; what is being written on it then fails as disposed. */
  async leave(reason: Error): Promise<void> {
    this.users--;
    if (this.users > 0) return;
    this.#forget();
    this.#controller.abort(reason);
    const [loaded] = await Promise.allSettled([this.#hosted]);
    if (loaded.status === "fulfilled") await loaded.value.engine[Symbol.asyncDispose]();
  }

  #listen(listener: Listener): Disposable {
    // An object of its own: who listens twice hears until both are disposed of.
    const own = { ...listener };
    this.#listeners.add(own);
    return { [Symbol.dispose]: () => void this.#listeners.delete(own) };
  }

  #tell(progress: LoadProgress): void {
    for (const onProgress of new Set([...this.#listeners].map((listener) => listener.onProgress))) tell(onProgress, progress);
  }
}

/** A queue for an engine. @param listen left out where its owner hears what it tells */
export function hostedBy(
  engine: Engine,
  { concurrency, maxWaiting = ANY_NUMBER }: AnswerQueueOptions,
  listen: Hosted["listen"] = () => ({ [Symbol.dispose]: () => undefined }),
): Hosted {
  const queue = new AnswerQueue(engine, concurrency === undefined ? { maxWaiting } : { concurrency, maxWaiting });
  return { engine, queue, listen };
}

/** Chains send batches of any size, and expect each of them to wait for its turn. */
const ANY_NUMBER = Number.MAX_SAFE_INTEGER;

function isFile(model: string): boolean {
  return model !== "embedded" && !/^(hf|huggingface|https?):/.test(model);
}
