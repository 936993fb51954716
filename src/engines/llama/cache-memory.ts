/** What a context takes of memory, and what it may take. */
import type { GgufInsightsResourceRequirements, LlamaContext, LlamaModel } from "node-llama-cpp";
import type { CacheType } from "./options.ts";

/** In bytes, of main memory and of the GPU's. */
export type Needed = GgufInsightsResourceRequirements;

/** In bytes. */
export interface Memory {
  /** Free on the GPU; 0 without one. */
  readonly gpu: number;
  /** Free for everything else. */
  readonly cpu: number;
  /** Size of the model's file. */
  readonly modelBytes: number;
  /** Whether what the GPU has is main memory. @default false */
  readonly isUnified?: boolean;
}

/** The cache may take a quarter of what is free; in main memory, where all of it is written when it is made, no more than this or the model's own size. */
const CACHE_BYTES = 2 ** 30;

/** States that a sequence saves, of a model that cannot rewind freely: the end of the prompt, a few checks of the draft, where others parted. */
const CHECKPOINTS = { fewest: 4, most: 32 } as const;

/** A quantised cache is stored in blocks of so many numbers, and a head fills whole blocks. */
export const QUANTISED_BLOCK = 32;

/** ... in 34 bytes, where `F16` takes 64. */
const QUANTISED_SHARE = 34 / 64;

/** What the cache of contexts is made of. `F16` for what no option asks for. */
export function cacheTypeOf(ggmlType: number): CacheType {
  return ggmlType === 0 ? "F32" : ggmlType === 8 ? "Q8_0" : "F16";
}

/** What the cache of a context takes, which is reserved as soon as it is made. In bytes. */
export interface CacheMemory {
  readonly perToken: number;
  /** Of one sequence: what its tokens take, and a state that does not grow with them, where the model has one. */
  readonly perSequence: number;
  /** Of all sequences, by where it lies. */
  readonly cpu: number;
  readonly gpu: number;
}

export function cacheMemory(model: LlamaModel, { contextSize, totalSequences }: LlamaContext): CacheMemory {
  const sum = ({ cpuRam, gpuVram }: Needed) => cpuRam + gpuVram;
  const [once, twice] = [1024, 2048].map((tokens) => sum(cacheBytes(model, tokens))) as [number, number];
  const { cpuRam, gpuVram } = cacheBytes(model, contextSize);
  const perSequence = cpuRam + gpuVram;
  return { perToken: (twice - once) / 1024, perSequence, cpu: totalSequences * cpuRam, gpu: totalSequences * gpuVram };
}

/** What the cache may take of each memory. */
export function budgets({ cpu, gpu, modelBytes, isUnified = false }: Memory): Pick<Memory, "cpu" | "gpu"> {
  const most = Math.max(CACHE_BYTES, modelBytes);
  return { cpu: Math.min(cpu / 4, most), gpu: Math.min(gpu / 4, isUnified ? most : Number.POSITIVE_INFINITY) };
}

/** What each sequence may save of a model that cannot rewind freely. */
export interface Checkpoints {
  readonly most: number;
  /** What one of them takes in main memory, whatever computes. */
  readonly bytes: number;
}

/** As many as the cache may have memory for, beside that of the sequences. */
export function checkpointsFor(model: LlamaModel, sequences: number, memory: Memory): Checkpoints {
  const bytes = stateBytes(model);
  if (bytes === 0) return { most: 0, bytes };
  const { fewest, most } = CHECKPOINTS;
  return { most: Math.max(fewest, Math.floor(Math.min(most, budgets(memory).cpu / (bytes * sequences)))), bytes };
}

/** What a sequence's state takes that every token changes: all of its memory but what grows with its length. 0 for attention alone. */
function stateBytes(model: LlamaModel): number {
  const { isHybrid, isRecurrent } = model.fileInsights;
  if (!isHybrid && !isRecurrent) return 0;
  const [once, twice] = [1024, 2048].map((contextSize) => {
    const { cpuRam, gpuVram } = cacheBytes(model, contextSize);
    return cpuRam + gpuVram;
  }) as [number, number];
  return 2 * once - twice;
}

/** What one sequence more takes, with the fewest checkpoints that are of use. */
export function neededBytes(model: LlamaModel, contextSize: number): Needed {
  const { cpuRam, gpuVram } = cacheBytes(model, contextSize);
  return { cpuRam: cpuRam + CHECKPOINTS.fewest * stateBytes(model), gpuVram };
}

/** What one sequence more takes in the cache. */
function cacheBytes(model: LlamaModel, contextSize: number): Needed {
  const [asked, once, twice] = [contextSize, 1024, 2048].map((tokens) => estimatedBytes(model, tokens)) as [Needed, Needed, Needed];
  if (cacheTypeOf(model.defaultContextKvCacheKeyType) !== "Q8_0") return asked;
  const quantised = (place: keyof Needed) => {
    const state = 2 * once[place] - twice[place];
    return state + (asked[place] - state) * QUANTISED_SHARE;
  };
  return { cpuRam: quantised("cpuRam"), gpuVram: quantised("gpuVram") };
}

/**
 * The library's estimate; of a quantised cache, that of one that is not: of such it takes each number for a whole block. The method is deprecated in favour of
 * one that simulates how llama.cpp loads the model: as long as the real loading of a small one, for the same figures.
 */
function estimatedBytes(model: LlamaModel, contextSize: number): Needed {
  const isQuantised = cacheTypeOf(model.defaultContextKvCacheKeyType) === "Q8_0";
  const needed = (sequences: number) =>
    model.fileInsights.estimateContextResourceRequirements({
      contextSize,
      sequences,
      modelGpuLayers: model.gpuLayers,
      includeGraphOverhead: false,
      flashAttention: model.defaultContextFlashAttention === true,
      swaFullCache: model.defaultContextSwaFullCache,
      ...(isQuantised
        ? {}
        : { kvCacheKeyType: model.defaultContextKvCacheKeyType, kvCacheValueType: model.defaultContextKvCacheValueType }),
    });
  const [one, two] = [needed(1), needed(2)];
  return { cpuRam: two.cpuRam - one.cpuRam, gpuVram: two.gpuVram - one.gpuVram };
}
