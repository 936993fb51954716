/** The engine on llama.cpp. Importing this loads no native code: `loadLlamaEngine` does. */

import type { LlamaEngine } from "./engines/llama/engine.ts";
import { loadLlamaEngine as load } from "./engines/llama/load.ts";
import type { LlamaEngineOptions } from "./engines/llama/options.ts";
import { type FindJudgeOptions, fittedJudge } from "./judges/index.ts";

/** What to load, and where its judges are kept. */
export interface SharedEngineOptions extends LlamaEngineOptions {
  /** Where judges are kept that were fitted on labelled answers. @default `~/.cache/rain-align/judges` */
  readonly judgeFolder?: string | undefined;
  /** How far the reading of labelled answers is, when a judge is fitted at its first use. Range [0, 1]. */
  readonly onJudge?: FindJudgeOptions["onProgress"];
}

/**
 * Loads a GGUF model with llama.cpp. Native code is loaded here and not before; nothing is ever compiled. The judge of its answers is fitted
 * when it is first needed, on labelled answers, and kept (`findJudge`: another way to find it).
 *
 * @throws {OptionError} for what cannot be meant, before anything is loaded
 * @throws {EngineError} in one line that says what was expected and got: no such file, not a whole GGUF file, an unknown
 * architecture, no network, no memory, no llama.cpp for this machine
 */
export async function loadLlamaEngine({ judgeFolder, onJudge, ...options }: SharedEngineOptions = {}): Promise<LlamaEngine> {
  const findJudge = fittedJudge({ folder: judgeFolder, onNotice: options.onNotice, onProgress: onJudge });
  return await load({ findJudge, ...options });
}

export { LlamaEngine, type LlamaFacts } from "./engines/llama/engine.ts";
export { type CachedModel, cachedModels, type ModelAbout, removeCachedModel } from "./engines/llama/model-cache.ts";
export { type DownloadProgress, modelsFolder } from "./engines/llama/model-file.ts";
export {
  CACHE_TYPES,
  type CacheType,
  checkLlamaOptions,
  GPUS,
  type GpuLayers,
  type LlamaEngineOptions,
} from "./engines/llama/options.ts";
