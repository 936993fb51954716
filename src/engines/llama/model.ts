/** Starts llama.cpp and loads a model into it. */
import { setImmediate } from "node:timers/promises";
import type { Llama, LlamaModel } from "node-llama-cpp";
import { DEFAULT_SHAPE } from "./context.ts";
import { failure } from "./failure.ts";
import type { Loaded } from "./fallback.ts";
import type { ModelFile } from "./model-file.ts";
import type { CacheType, GpuLayers, LlamaEngineOptions } from "./options.ts";

/** A model, and the llama.cpp that is disposed with it. */
export interface LoadedModel extends Loaded {
  readonly model: LlamaModel;
}

/** @throws EngineError where the GPU that was asked for does not work here */
export async function startLlama({ gpu = "auto", threads, signal }: LlamaEngineOptions): Promise<Llama> {
  const { getLlama, LlamaLogLevel } = await import("node-llama-cpp");
  const expected = `llama.cpp for \`gpu\` \`${gpu}\` to work here (install node-llama-cpp's package for it, or choose another)`;
  // Silent at the source: with a second engine in one process, the library's own loggers lose lines to standard output.
  const quiet = { progressLogs: false, logLevel: LlamaLogLevel.disabled } as const;
  const llama = await getLlama({ gpu, build: "never", skipDownload: true, ...quiet }).catch(async (cause: unknown) => {
    // The library tries llama.cpp in another process first. Ctrl-C at a terminal ends that one, too, and may be heard of later.
    await setImmediate();
    signal?.throwIfAborted();
    throw failure("binding-missing", expected, cause);
  });
  // A context never gets more threads than this was when it was made; by default it is the number of cores.
  if (threads !== undefined) llama.maxThreads = threads;
  if (gpu === "auto" || gpu === llama.gpu) return llama;
  await llama.dispose();
  throw failure("binding-missing", expected, new Error(`only ${llama.gpu === false ? "the CPU" : llama.gpu}`));
}

/**
 * When it fails, `llama` is disposed: node-llama-cpp 3.22 forgets to say that a model which failed to load uses it no longer, and
 * as soon as that model is garbage-collected, disposing would wait for ever.
 */
export async function loadModel(
  { llama, file, gpuLayers }: { llama: Llama; file: ModelFile; gpuLayers: GpuLayers },
  options: LlamaEngineOptions,
): Promise<LoadedModel> {
  const { model: wish = "embedded", signal } = options;
  try {
    const model = await llama.loadModel({
      ...modelOptions(llama, options),
      modelPath: file.path,
      gpuLayers: layersFor(file, gpuLayers, options),
    });
    return { model, gpuLayers: model.gpuLayers, dispose: () => llama.dispose() };
  } catch (cause) {
    await llama.dispose();
    signal?.throwIfAborted();
    const { InsufficientMemoryError } = await import("node-llama-cpp");
    if (cause instanceof InsufficientMemoryError) throw failure("out-of-memory", `memory for \`model\` \`${wish}\``, cause);
    throw failure("model-unreadable", `llama.cpp to load \`model\` \`${wish}\` (a damaged file, or one made for a newer version)`, cause);
  }
}

/** `"auto"` leaves room for some context; where one was asked for, it is to leave room for that. */
function layersFor(
  { info }: ModelFile,
  gpuLayers: GpuLayers,
  { contextSize, sequences = DEFAULT_SHAPE.fewestSequences }: LlamaEngineOptions,
) {
  if (gpuLayers !== "auto" || contextSize === undefined) return gpuLayers;
  const longest = Math.min(contextSize, info.architectureMetadata.context_length ?? contextSize);
  return { fitContext: { contextSize: sequences * longest } };
}

/** The library estimates with the cache's options how many layers fit, and contexts are made with them. */
function modelOptions(llama: Llama, { flashAttention, cacheType = "F16", signal, onLoad }: LlamaEngineOptions) {
  return {
    defaultContextFlashAttention: flashAttention ?? defaultFlashAttention(llama, cacheType),
    // Sliding windows are kept whole: a search rewinds all the time, and what has left the window could only be computed again.
    defaultContextSwaFullCache: true,
    experimentalDefaultContextKvCacheKeyType: cacheType,
    experimentalDefaultContextKvCacheValueType: cacheType,
    ...(signal === undefined ? {} : { loadSignal: signal }),
    onLoadProgress: (progress: number) => onLoad?.(progress),
  } as const;
}

/**
 * On a CPU flash attention is the slower way: with 400 tokens in the cache, the judge's question took 2.6 times as long. A
 * quantised cache needs it, though.
 */
function defaultFlashAttention(llama: Llama, cacheType: CacheType): boolean | "auto" {
  return llama.gpu === false && cacheType !== "Q8_0" ? false : "auto";
}
