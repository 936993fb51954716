/** How much memory the cache takes, and where. */
import type { LlamaModel } from "node-llama-cpp";
import type { CacheType } from "./options.ts";
import { bytesPerValue } from "./tensor-size.ts";

/** How much a context holds: so many sequences of so many tokens each. */
export interface ContextShape {
  readonly sequences: number;
  readonly contextSize: number;
}

/** In bytes. */
export interface Memory {
  /** Free on the GPU; 0 without one. */
  readonly gpu: number;
  /** Free for everything else. */
  readonly cpu: number;
  /** Size of the model's file. */
  readonly modelBytes: number;
}

/** What decides how large the cache is, and where it lies. */
export type CachingModel = Pick<LlamaModel, "fileInfo" | "gpuLayers" | "defaultContextKvCacheKeyType" | "defaultContextKvCacheValueType">;

/** The cache may always take this many bytes, and more if the model itself does, but no more than a quarter of what is free. */
const CACHE_BYTES = 2 ** 30;

/** Where it was asked for, the cache may take this share of what is free: the model computes somewhere, too. */
const MOST_OF_MEMORY = 0.75;

/** ggml's number of each type. */
const GGML_TYPES: Readonly<Record<CacheType, number>> = { F32: 0, F16: 1, Q8_0: 8 };

/** Contexts are made with these types alone. */
export function cacheTypeOf(ggmlType: number): CacheType {
  return (Object.keys(GGML_TYPES) as CacheType[]).find((name) => GGML_TYPES[name] === ggmlType) ?? "F16";
}

/** Tokens that the cache may hold where nothing was asked for. */
export function affordableTokens(model: CachingModel, memory: Memory): number {
  const shares = sharesOf(model, memory).filter(({ share }) => share > 0);
  const budgets = shares.map(({ free, share }) => Math.min(free / 4, Math.max(CACHE_BYTES, memory.modelBytes)) / share);
  return Math.min(...budgets) / bytesPerToken(model);
}

/** What is missing for a cache of this shape. `undefined`: nothing. */
export function lackFor({ sequences, contextSize }: ContextShape, model: CachingModel, memory: Memory): string | undefined {
  const bytes = sequences * contextSize * bytesPerToken(model);
  const short = sharesOf(model, memory).find(({ share, free }) => bytes * share > free * MOST_OF_MEMORY);
  if (short === undefined) return undefined;
  return `${Math.round(short.free / 2 ** 20)} MiB free ${short.place}, ${Math.ceil((bytes * short.share) / 2 ** 20)} MiB needed`;
}

/** A layer's part of the cache lies where the layer is computed. */
function sharesOf(model: CachingModel, { gpu, cpu }: Memory) {
  const onGpu = layersOnGpu(model) / Math.max(1, blocksOf(model));
  return [
    { place: "on the GPU", free: gpu, share: onGpu },
    { place: "in main memory", free: cpu, share: 1 - onGpu },
  ] as const;
}

/** Layers with a part of the cache: the output, which goes to the GPU first, has none. */
function layersOnGpu(model: CachingModel): number {
  return Math.min(blocksOf(model), Math.max(0, model.gpuLayers - 1));
}

function blocksOf(model: CachingModel): number {
  return model.fileInfo.architectureMetadata.block_count ?? 0;
}

/** What one token takes in the cache: a key and a value in each layer. At least 1. */
function bytesPerToken(model: CachingModel): number {
  const { attention } = model.fileInfo.architectureMetadata;
  const { keyLength, valueLength } = headOf(model);
  const heads = largest(attention?.head_count_kv) || largest(attention?.head_count);
  const keyBytes = keyLength * bytesPerValue(model.defaultContextKvCacheKeyType);
  const valueBytes = valueLength * bytesPerValue(model.defaultContextKvCacheValueType);
  return Math.max(1, blocksOf(model) * heads * (keyBytes + valueBytes));
}

/** How many numbers a head's key and value are. */
export function headOf(model: CachingModel): { readonly keyLength: number; readonly valueLength: number } {
  const { embedding_length: width = 0, attention } = model.fileInfo.architectureMetadata;
  const length = width / (largest(attention?.head_count) || 1);
  return { keyLength: attention?.key_length ?? length, valueLength: attention?.value_length ?? length };
}

/** Some models say it layer by layer. */
function largest(count: number | readonly number[] | undefined): number {
  return typeof count === "number" ? count : Math.max(0, ...(count ?? []));
}
