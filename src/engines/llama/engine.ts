import type { Llama, LlamaContext, LlamaModel } from "node-llama-cpp";
import { RULES } from "../../core/check-options.ts";
import type { Call, Engine, EngineFacts, NextTokenQuery, NextTokens, Passage, Prefix, Tokenizer } from "../../core/engine.ts";
import { EngineError } from "../../core/errors.ts";
import type { FindJudge } from "../../core/judge/verdict.ts";
import type { SuggestedSampling } from "../../core/options.ts";
import { JsonFormats } from "../json-format/index.ts";
import { Batcher } from "./batch.ts";
import { type CacheMemory, type Checkpoints, cacheMemory, cacheTypeOf } from "./cache-memory.ts";
import { TextEmbedding } from "./embedding.ts";
import { KvCache } from "./kv-cache.ts";
import type { ModelFile } from "./model-file.ts";
import type { CacheType } from "./options.ts";
import { Slot } from "./slot.ts";
import type { ThreadCounts, Threads } from "./threads.ts";
import { tokenTable } from "./token-bytes.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** What a llama engine says of itself. */
export interface LlamaFacts extends EngineFacts {
  /** Path of the model's file. */
  readonly file: string;
  readonly fileBytes: number;
  /** Numbers that the model has learned, in all parts of its file. */
  readonly parameters: number;
  readonly architecture: string;
  /** What computes: `false` is the CPU alone. */
  readonly gpu: "cuda" | "vulkan" | "metal" | false;
  /** The GPUs' names, such as a card's. */
  readonly devices: readonly string[];
  /** Layers on the GPU, of all that the model has. */
  readonly gpuLayers: number;
  readonly layers: number;
  /** `"auto"`: llama.cpp has decided, and does not say how. */
  readonly flashAttention: boolean | "auto";
  /** How the cache stores its numbers. */
  readonly cacheType: CacheType;
  /** What the context costs. */
  readonly cacheMemory: CacheMemory;
  readonly threads: ThreadCounts;
  /** Prefixes that are kept at once. */
  readonly sequences: number;
  /** Whether the model can only be rewound to points where its state was saved. */
  readonly needsCheckpoints: boolean;
  /** Such points: the most that each prefix keeps, and the bytes of main memory that one takes. None where a model can be rewound to any token. */
  readonly checkpoints: Checkpoints;
}

/** What `loadLlamaEngine` has loaded. The engine owns it and frees it. */
export interface LlamaParts {
  readonly llama: Llama;
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly vocabulary: Vocabulary;
  readonly threads: Threads;
  readonly devices: readonly string[];
  readonly checkpoints: Checkpoints;
  readonly file: ModelFile & { readonly name: string };
  /** Whether branches copy what they share; without it they compute it again. */
  readonly canCopy?: boolean;
  /** `LlamaEngineOptions.deterministic`. @default false */
  readonly deterministic?: boolean | undefined;
  readonly findJudge?: FindJudge | undefined;
}

/** The engine on llama.cpp, through node-llama-cpp: a GGUF model on this machine. Many requests may run at once. */
export class LlamaEngine implements Engine {
  readonly facts: LlamaFacts;
  readonly findJudge: FindJudge | undefined;
  readonly chatTemplate: string | undefined;
  readonly formats: JsonFormats;
  readonly tokenizer: Tokenizer;
  readonly #parts: LlamaParts;
  readonly #cache: KvCache;
  readonly #batcher: Batcher;
  readonly #embedding: TextEmbedding;
  #running = 0;
  #whenIdle: (() => void) | undefined;
  #disposal: Promise<void> | undefined;

  constructor(parts: LlamaParts) {
    const { context, threads, vocabulary, deterministic = false } = parts;
    const { most } = parts.checkpoints;
    const slots = Array.from(
      { length: context.totalSequences },
      (_, index) => new Slot(context.getSequence({ checkpoints: { max: most, interval: false } }), index, most),
    );
    const { canCopy, needsCheckpoints } = slots[0] as Slot;
    const ensureOpen = () => this.#ensureOpen();
    this.#cache = new KvCache(slots, parts.canCopy ?? canCopy);
    this.#batcher = new Batcher({ context, cache: this.#cache, threads, vocabularySize: vocabulary.size, deterministic, ensureOpen });
    this.#parts = parts;
    this.findJudge = parts.findJudge;
    this.chatTemplate = parts.file.info.metadata.tokenizer?.chat_template;
    this.tokenizer = whileOpen(vocabulary, ensureOpen);
    this.formats = new JsonFormats(() => {
      ensureOpen();
      return tokenTable(parts.model);
    });
    this.facts = factsOf(parts, this.#batcher.contextSize, needsCheckpoints);
    this.#embedding = new TextEmbedding(parts.model, { longest: this.facts.contextSize, threads: threads.counts.batch });
  }

  async next(queries: readonly NextTokenQuery[], call: Call): Promise<NextTokens[]> {
    return await this.#step(call, () => this.#batcher.next(queries, call));
  }

  hold(prefix: Prefix): Disposable {
    const { leases } = this.#cache;
    const lease = leases.add(prefix);
    return { [Symbol.dispose]: () => leases.remove(lease) };
  }

  async distributions(passage: Passage, call: Call): Promise<Float32Array[]> {
    return await this.#step(call, () => this.#batcher.distributions(passage, call));
  }

  /**
   * What the model makes of a text as a whole, as a vector of unit length: its numbers behind the last token, or pooled as its file says. A chat
   * model was not trained for it; a file of an embedding model was. One text after another, in a context of its own, made at first use.
   *
   * @returns as many numbers as the model is wide; zeros for an empty text
   * @throws {ContextFullError} for a text that is longer than the context
   * @throws {EngineError} `out-of-memory` where there is none for a second context, and as all calls do; and the reason of `signal`
   */
  async embed(text: string, { signal }: Pick<Call, "signal"> = {}): Promise<readonly number[]> {
    return await this.#step({ signal }, async () => {
      const vector = await this.#embedding.of(this.tokenizer.tokenize(text));
      signal?.throwIfAborted();
      return vector;
    });
  }

  /** Running calls end within one decode step, with an `EngineError`; then everything native is freed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose();
    await this.#disposal;
  }

  #ensureOpen(): void {
    if (this.#disposal !== undefined) throw new EngineError("disposed", "Expected an engine in use, got one that was disposed");
  }

  async #step<Result>(call: Pick<Call, "signal">, work: () => Promise<Result>): Promise<Result> {
    call.signal?.throwIfAborted();
    this.#ensureOpen();
    this.#running++;
    try {
      return await work();
    } finally {
      this.#running--;
      if (this.#running === 0) this.#whenIdle?.();
    }
  }

  async #dispose(): Promise<void> {
    this.#cache.wake();
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
    await Promise.all(this.#cache.slots.map((slot) => slot.close()));
    await this.#embedding[Symbol.asyncDispose]();
    await this.#parts.context.dispose();
    await this.#parts.model.dispose();
    await this.#parts.llama.dispose();
  }
}

/** The same tokenizer, which asks first whether the model is still there. */
export function whileOpen(tokenizer: Tokenizer, ensureOpen: () => void): Tokenizer {
  const open = () => {
    ensureOpen();
    return tokenizer;
  };
  return {
    render: (turns) => open().render(turns),
    renderText: (text) => open().renderText(text),
    tokenize: (text) => open().tokenize(text),
    detokenize: (tokens, after) => open().detokenize(tokens, after),
    nameOf: (token) => open().nameOf(token),
    isEnd: (token) => open().isEnd(token),
  };
}

function factsOf(
  { llama, model, context, vocabulary, threads, devices, checkpoints, file }: LlamaParts,
  contextSize: number,
  needsCheckpoints: boolean,
): LlamaFacts {
  return {
    model: file.name,
    contextSize,
    vocabularySize: vocabulary.size,
    hasChatTemplate: vocabulary.hasChatTemplate,
    isBaseModel: !vocabulary.hasChatTemplate,
    file: file.path,
    fileBytes: file.bytes,
    parameters: model.fileInsights.totalParameters,
    architecture: model.architecture,
    gpu: llama.gpu,
    devices,
    gpuLayers: model.gpuLayers,
    layers: model.fileInsights.totalLayers,
    flashAttention: context.flashAttention,
    cacheType: cacheTypeOf(context.kvCacheKeyType),
    cacheMemory: cacheMemory(model, context),
    threads: threads.counts,
    sequences: context.totalSequences,
    needsCheckpoints,
    checkpoints,
    sampling: suggestedSampling(file.info.metadata.general),
    ...(vocabulary.nextTurn === undefined ? {} : { nextTurn: vocabulary.nextTurn }),
    callFormat: vocabulary.callFormat,
    ...(vocabulary.thinking === undefined ? {} : { thinking: vocabulary.thinking }),
  };
}

/** By its name in `general.sampling` of a GGUF's metadata, the option that it is a default of. Mirostat and the order of samplers have no counterpart. */
const OPTION_BY_KEY = {
  temp: "temperature",
  top_k: "topK",
  top_p: "topP",
  min_p: "minP",
  xtc_probability: "xtcProbability",
  xtc_threshold: "xtcThreshold",
  penalty_last_n: "penaltyLastN",
  penalty_repeat: "repetitionPenalty",
} as const satisfies Readonly<Record<string, keyof SuggestedSampling>>;

/** How a model's file says that it is to be sampled from. What could not be said as an option, such as a `top_k` of 0 for all tokens, is left out. */
export function suggestedSampling(general: object): SuggestedSampling | undefined {
  const given: unknown = Reflect.get(general, "sampling");
  if (typeof given !== "object" || given === null) return undefined;
  const known = Object.entries(OPTION_BY_KEY).map(([key, option]): [string, unknown] => [option, rounded(Reflect.get(given, key))]);
  const usable = known.filter(([option, value]) => value !== undefined && RULES[option]?.isMet(value) === true);
  return usable.length === 0 ? undefined : Object.fromEntries(usable);
}

/** Files hold numbers of 32 bits: what was written as 0.6 reads as 0.6000000238418579. */
function rounded(value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(7)) : value;
}
