import { callback, checkByRules, integerBetween, natural, oneOf, positive, type Rule, signal } from "../../core/check-options.ts";
import { complaint, OptionError } from "../../core/errors.ts";
import type { FindJudge } from "../../core/judge/verdict.ts";
import type { DownloadProgress } from "./model-file.ts";

/** What may compute besides the CPU. */
export const GPUS = ["auto", "cuda", "vulkan", "metal", false] as const;

/** How the cache may store its numbers. */
export const CACHE_TYPES = ["F32", "F16", "Q8_0"] as const;

export type CacheType = (typeof CACHE_TYPES)[number];

/** Layers that the GPU computes: the output counts as one, and is the first to go there. `"auto"`: as many as fit. `"max"`: all. */
export type GpuLayers = number | "auto" | "max";

/** What to load, and how. Everything has a default that fits the machine. */
export interface LlamaEngineOptions {
  /** `"embedded"`, the path of a GGUF file, or an address such as `hf:owner/repository:quantization`. @default "embedded" */
  readonly model?: string | undefined;
  /** Where `hf:` names lead: the address of a mirror of Hugging Face. @default "https://huggingface.co/" */
  readonly hub?: string | undefined;
  /** `"auto"` takes the best one that works here, `false` none. @default "auto" */
  readonly gpu?: (typeof GPUS)[number] | undefined;
  /** Where the GPU's memory does not suffice, the model is loaded again with half of them. @default "auto" */
  readonly gpuLayers?: GpuLayers | undefined;
  /**
   * The longest prefix in tokens, and one more. Memory and the price of a branch grow with it.
   * @default what the model was trained on, as far as memory holds 8 sequences of it, or, up to 8,192 tokens, 2 (`docs/gpu.md`)
   */
  readonly contextSize?: number | undefined;
  /** Prefixes that are kept at once, up to 256; a batch of more branches goes in waves. @default up to 16, as memory allows */
  readonly sequences?: number | undefined;
  /** CPU threads, up to 512. More than there are cores wait for each other. @default measured at load */
  readonly threads?: number | undefined;
  /** @default "auto" (llama.cpp decides), but `false` on a CPU, where it is slower */
  readonly flashAttention?: boolean | "auto" | undefined;
  /** How the cache stores its numbers: `"Q8_0"` halves its memory at a small loss, and needs flash attention. @default "F16" */
  readonly cacheType?: CacheType | undefined;
  /**
   * The same seed gives the same text in every mode, whatever was asked before and whoever asks at the same time: each decode call computes tokens of one
   * prefix alone. Searches get many times slower by it (`docs/choosing-options.md`). @default false: so it is for plain text, asked for alone
   */
  readonly deterministic?: boolean | undefined;
  /** How the judge of its answers is found where none is named. @default by letters; `loadLlamaEngine` of `rain-align/llama` fits one */
  readonly findJudge?: FindJudge | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onDownload?: ((progress: DownloadProgress) => void) | undefined;
  /** Share of the model that is loaded, 0 to 1. */
  readonly onLoad?: ((progress: number) => void) | undefined;
  /** What a person should know although it works: memory was short, for example. One line. */
  readonly onNotice?: ((message: string) => void) | undefined;
}

/** llama.cpp knows no more sequences than this. */
const MOST_SEQUENCES = 256;

/** Nor more threads. */
const MOST_THREADS = 512;

/**
 * Refuses what cannot be meant, before anything is loaded.
 *
 * @throws {OptionError} for an unknown name (with a guess at the known one), a value outside its range, or two that exclude each other
 */
export function checkLlamaOptions(options: LlamaEngineOptions): void {
  checkByRules(options, RULES);
  if (options.cacheType !== "Q8_0" || options.flashAttention !== false) return;
  throw new OptionError("flashAttention", complaint("flashAttention", "on for a cache of type `Q8_0`", false), false);
}

const RULES: { readonly [Name in keyof Required<LlamaEngineOptions>]: Rule } = {
  model: { expected: "the name of a model", isMet: (value) => typeof value === "string" && value !== "" },
  hub: { expected: "the address of a mirror of Hugging Face", isMet: (value) => typeof value === "string" && URL.canParse(value) },
  gpu: oneOf(GPUS),
  gpuLayers: {
    expected: "a non-negative integer, `auto` or `max`",
    isMet: (value) => value === "auto" || value === "max" || natural.isMet(value),
  },
  contextSize: positive,
  sequences: integerBetween(1, MOST_SEQUENCES),
  threads: integerBetween(1, MOST_THREADS),
  flashAttention: oneOf([true, false, "auto"]),
  cacheType: oneOf(CACHE_TYPES),
  deterministic: oneOf([true, false]),
  findJudge: callback,
  signal,
  onDownload: callback,
  onLoad: callback,
  onNotice: callback,
};
