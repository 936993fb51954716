import type { DownloadProgress } from "./llama-download.ts";

/** What to load, and how. Everything has a default that fits the machine. */
export interface LlamaEngineOptions {
  /** `"embedded"`, the path of a GGUF file, or an address such as `hf:owner/repository:quantization`. @default "embedded" */
  readonly model?: string | undefined;
  /** Where `hf:` names lead: the address of a mirror of Hugging Face. @default "https://huggingface.co/" */
  readonly hub?: string | undefined;
  /** `"auto"` takes the best one that works here, `false` none. @default "auto" */
  readonly gpu?: "auto" | "cuda" | "vulkan" | "metal" | false | undefined;
  /** Layers that the GPU computes. `"auto"`: as many as fit. @default "auto" */
  readonly gpuLayers?: number | "auto" | "max" | undefined;
  /**
   * The longest prefix in tokens, and one more. Memory and the price of a branch grow with it.
   * @default what the model was trained on, up to 4,096
   */
  readonly contextSize?: number | undefined;
  /** Prefixes that are kept at once; a batch of more branches goes in waves. @default up to 16, as memory allows */
  readonly sequences?: number | undefined;
  /** CPU threads. @default measured at load */
  readonly threads?: number | undefined;
  /** @default "auto", but `false` on a CPU, where it is slower */
  readonly flashAttention?: boolean | "auto" | undefined;
  /** How the cache stores its numbers: `"Q8_0"` halves its memory at a small loss. @default "F16" */
  readonly cacheType?: "F32" | "F16" | "Q8_0" | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onDownload?: ((progress: DownloadProgress) => void) | undefined;
  /** Share of the model that is loaded, 0 to 1. */
  readonly onLoad?: ((progress: number) => void) | undefined;
  /** What a person should know although it works: memory was short, for example. One line. */
  readonly onNotice?: ((message: string) => void) | undefined;
}
