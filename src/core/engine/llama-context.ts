import type { LlamaContext, LlamaModel } from "node-llama-cpp";
import { failure } from "./llama-failure.ts";
import type { LlamaEngineOptions } from "./llama-options.ts";

/** How much a context holds: so many sequences of so many tokens each. */
export interface ContextShape {
  readonly sequences: number;
  readonly contextSize: number;
}

/** In bytes. */
export interface Memory {
  readonly free: number;
  readonly modelBytes: number;
}

/** What is chosen where nothing was asked for. */
const DEFAULT_SHAPE = { contextSize: 4096, mostSequences: 16, fewestSequences: 2 } as const;

/** llama.cpp knows no more sequences than this. */
const MOST_SEQUENCES = 256;

/** A context smaller than this is of no use to a search. */
const SMALLEST_CONTEXT = 256;

/** The cache may always take this many bytes, and more if the model itself does, but no more than a quarter of what is free. */
const CACHE_BYTES = 2 ** 30;

/** Where it was asked for, the cache may take this share of what is free: the model computes somewhere, too. */
const MOST_OF_MEMORY = 0.75;

/** The shape that was asked for, within what the model can do, and what fits the memory where nothing was. */
function chooseShape(model: LlamaModel, options: LlamaEngineOptions, memory: Memory): ContextShape {
  const contextSize = Math.min(options.contextSize ?? DEFAULT_SHAPE.contextSize, model.trainContextSize);
  const budget = Math.min(memory.free / 4, Math.max(CACHE_BYTES, memory.modelBytes));
  const affordable = Math.floor(budget / (contextSize * bytesPerToken(model)));
  const { fewestSequences, mostSequences } = DEFAULT_SHAPE;
  const sequences = options.sequences ?? Math.max(fewestSequences, Math.min(mostSequences, affordable));
  if (options.contextSize !== undefined && options.contextSize > contextSize) {
    options.onNotice?.(`The model was trained on ${contextSize} tokens: going on with that instead of ${options.contextSize}.`);
  }
  return { contextSize, sequences: Math.min(sequences, MOST_SEQUENCES) };
}

/** What one token takes in the cache: a key and a value of two bytes a number in each layer. At least 1. */
function bytesPerToken(model: LlamaModel): number {
  const { block_count: layers = 0, embedding_length: width = 0, attention } = model.fileInfo.architectureMetadata;
  const heads = largest(attention?.head_count) || 1;
  const keyLength = attention?.key_length ?? width / heads;
  const valueLength = attention?.value_length ?? width / heads;
  return Math.max(1, layers * (largest(attention?.head_count_kv) || largest(attention?.head_count)) * (keyLength + valueLength) * 2);
}

/** Some models say it layer by layer. */
function largest(count: number | readonly number[] | undefined): number {
  return typeof count === "number" ? count : Math.max(0, ...(count ?? []));
}

/** Makes the context; where memory does not suffice, one with fewer sequences, then a shorter one, and says so. */
export async function createContext(model: LlamaModel, memory: Memory, options: LlamaEngineOptions): Promise<LlamaContext> {
  const wished = chooseShape(model, options, memory);
  let reason: unknown;
  for (const shape of smallerAndSmaller(wished)) {
    options.signal?.throwIfAborted();
    const needed = shape.sequences * shape.contextSize * bytesPerToken(model);
    // Memory that is promised and then not there would end the process.
    if (needed > memory.free * MOST_OF_MEMORY) {
      reason = new Error(`${Math.round(memory.free / 2 ** 20)} MiB free, ${Math.ceil(needed / 2 ** 20)} MiB needed`);
      continue;
    }
    try {
      const context = await model.createContext(
        contextOptions(shape, { ...options, flashAttention: options.flashAttention ?? defaultFlashAttention(model, options) }),
      );
      if (shape !== wished) options.onNotice?.(`Not enough memory for ${describe(wished)}: going on with ${describe(shape)}.`);
      return context;
    } catch (cause) {
      reason = cause;
    }
  }
  options.signal?.throwIfAborted();
  throw failure("out-of-memory", `memory for ${describe(wished)}`, reason);
}

function* smallerAndSmaller(wished: ContextShape): Generator<ContextShape, void, void> {
  let { sequences, contextSize } = wished;
  yield wished;
  while (sequences > 1) {
    sequences = Math.floor(sequences / 2);
    yield { sequences, contextSize };
  }
  while (contextSize / 2 >= SMALLEST_CONTEXT) {
    contextSize = Math.floor(contextSize / 2);
    yield { sequences, contextSize };
  }
}

/**
 * On a CPU flash attention is the slower way: with 400 tokens in the cache, the judge's question took 2.6 times as long. A
 * quantised cache needs it, though.
 */
function defaultFlashAttention(model: LlamaModel, { cacheType }: LlamaEngineOptions): boolean | "auto" {
  return model.llama.gpu === false && cacheType !== "Q8_0" ? false : "auto";
}

function contextOptions({ sequences, contextSize }: ContextShape, { threads, flashAttention, cacheType, signal }: LlamaEngineOptions) {
  return {
    sequences,
    contextSize,
    // Sliding windows are kept whole: a search rewinds all the time, and what has left the window could only be computed again.
    swaFullCache: true,
    failedCreationRemedy: false,
    ...(threads === undefined ? {} : { threads }),
    ...(flashAttention === undefined ? {} : { flashAttention }),
    ...(cacheType === undefined ? {} : { experimentalKvCacheKeyType: cacheType, experimentalKvCacheValueType: cacheType }),
    ...(signal === undefined ? {} : { createSignal: signal }),
    batching: { itemPrioritizationStrategy: shortFirst },
  } as const;
}

/** Who needs few tokens is served in every batch; a long prompt of somebody else takes the rest of it. */
function shortFirst<Item extends { readonly tokens: readonly unknown[] }>({ items, size }: { items: readonly Item[]; size: number }) {
  let room = size;
  return [...items]
    .sort((left, right) => left.tokens.length - right.tokens.length)
    .flatMap((item) => {
      const processAmount = Math.min(item.tokens.length, room);
      room -= processAmount;
      return processAmount === 0 ? [] : [{ item, processAmount }];
    });
}

function describe({ sequences, contextSize }: ContextShape): string {
  return `${sequences} sequences of ${contextSize} tokens`;
}
