/** The engine on llama.cpp. Importing this loads no native code: `loadLlamaEngine` does. */
export { LlamaEngine, type LlamaFacts } from "./core/engine/llama-engine.ts";
export { loadLlamaEngine } from "./core/engine/llama-load.ts";
export type { DownloadProgress } from "./core/engine/llama-model-file.ts";
export {
  CACHE_TYPES,
  type CacheType,
  checkLlamaOptions,
  GPUS,
  type GpuLayers,
  type LlamaEngineOptions,
} from "./core/engine/llama-options.ts";
