import { availableParallelism, freemem } from "node:os";
import { basename } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Llama, LlamaContext, LlamaModel, Token as LlamaToken } from "node-llama-cpp";
import { EngineError } from "../../core/errors.ts";
import { JinjaTemplate } from "../../jinja.ts";
import { checkpointsFor, type Memory } from "./cache-memory.ts";
import type { ChatTemplate } from "./chat-template.ts";
import { createContext, DEFAULT_SHAPE } from "./context.ts";
import { LlamaEngine, type LlamaParts } from "./engine.ts";
import { failure, isShortage, rootReasonOf } from "./failure.ts";
import { findModelFile, type ModelFile } from "./model-file.ts";
import { type CacheType, checkLlamaOptions, type GpuLayers, type LlamaEngineOptions } from "./options.ts";
import { measureThreads, type ThreadCounts, Threads } from "./threads.ts";
import { Vocabulary } from "./vocabulary.ts";

/**
 * Loads a GGUF model with llama.cpp. Native code is loaded here and not before; nothing is ever compiled.
 *
 * @throws OptionError for what cannot be meant, before anything is loaded.
 * @throws EngineError in one line that says what was expected and got: no such file, not a whole GGUF file, an unknown
 * architecture, no network, no memory, no llama.cpp for this machine.
 */
export async function loadLlamaEngine(options: LlamaEngineOptions = {}): Promise<LlamaEngine> {
  return new LlamaEngine(await loadLlamaParts(options));
}

/** What an engine is made of. The caller frees it: `llama.dispose()` frees the model and the context, too. */
export async function loadLlamaParts(options: LlamaEngineOptions): Promise<LlamaParts> {
  checkLlamaOptions(options);
  const { model: name = "embedded", hub, signal, onDownload } = options;
  signal?.throwIfAborted();
  let started: Llama | undefined;
  try {
    const start = async () => (started = await startLlama(options));
    const file = await findModelFile({ model: name, hub, signal, onDownload }, start);
    const template = chatTemplate(file.info.metadata.tokenizer?.chat_template);
    let llama = started ?? (await start());
    tellAhead(llama, options);
    const { model, context } = await loadToFit(
      {
        mostLayers: llama.gpu === false ? 0 : layersOf(file),
        load: async (layers) => {
          if (llama.disposed) started = llama = await startLlama(layers === false ? { ...options, gpu: false } : options);
          return await loadModel({ llama, file, gpuLayers: layers === false ? 0 : layers }, options);
        },
        createContext: async (loaded) => createContext(loaded, await memoryFor(file, llama), options),
        free: () => llama.dispose(),
      },
      options,
    );
    return await partsOf({ llama, model, context, file, template }, options);
  } catch (cause) {
    await started?.dispose();
    throw cause;
  }
}

/** What was found and made, before it is known how to use it. */
interface Prepared {
  readonly llama: Llama;
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly file: ModelFile;
  readonly template: ChatTemplate | undefined;
}

async function partsOf({ llama, model, context, file, template }: Prepared, options: LlamaEngineOptions): Promise<LlamaParts> {
  const threads = new Threads(llama, await chooseThreads({ llama, model, context }, options));
  const vocabulary = new Vocabulary(model, template);
  const devices = llama.gpu === false ? [] : await llama.getGpuDeviceNames();
  const checkpoints = checkpointsFor(model, context.totalSequences, await memoryFor(file, llama));
  options.signal?.throwIfAborted();
  const { findJudge, deterministic } = options;
  return {
    llama,
    model,
    context,
    vocabulary,
    threads,
    devices,
    checkpoints,
    file: { ...file, name: nameOf(file) },
    findJudge,
    deterministic,
  };
}

/** Says which options will not do what they are meant to. */
function tellAhead(llama: Llama, { gpuLayers = "auto", threads = 1, onNotice }: LlamaEngineOptions): void {
  if (llama.gpu === false && gpuLayers !== "auto" && gpuLayers !== 0) onNotice?.("No GPU is used: the CPU computes all layers.");
  const cores = availableParallelism();
  if (threads > cores) onNotice?.(`This machine has ${cores} cores: ${threads} threads wait for each other.`);
}

/** The blocks, and the output. */
function layersOf({ info }: ModelFile): number {
  return (info.architectureMetadata.block_count ?? 0) + 1;
}

const NO_MEMORY = { free: 0, unifiedSize: 0 };

async function memoryFor({ bytes }: ModelFile, llama: Llama): Promise<Memory> {
  const { free, unifiedSize } = llama.gpu === false ? NO_MEMORY : await llama.getVramState();
  return { gpu: free, cpu: freemem(), modelBytes: bytes, isUnified: unifiedSize > 0 };
}

/** Also finds out whether the model can continue a text at all. */
async function chooseThreads(
  { llama, model, context }: Pick<Prepared, "llama" | "model" | "context">,
  { threads, signal }: LlamaEngineOptions,
): Promise<ThreadCounts> {
  const sequence = context.getSequence();
  try {
    // Before it is known whether several threads help: on a busy machine they can take a hundred times as long as one.
    llama.maxThreads = threads ?? 1;
    await sequence.controlledEvaluate([[0 as LlamaToken, { generateNext: { token: true } }]]);
    const isAllOnGpu = llama.gpu !== false && model.gpuLayers > model.fileInsights.totalLayers - 1;
    const most = threads ?? llama.cpuMathCores;
    return threads !== undefined || isAllOnGpu ? { decode: most, batch: most } : await measureThreads({ llama, sequence, signal }, most);
  } catch (cause) {
    signal?.throwIfAborted();
    throw failure("model-unsupported", "a model that continues texts", cause);
  } finally {
    await sequence.dispose();
  }
}

/** Read before anything is loaded: one that is none is refused at once. */
export function chatTemplate(source: string | undefined): ChatTemplate | undefined {
  // A file may hold anything there, whatever its reader promises.
  if (source !== undefined && typeof source !== "string")
    throw new EngineError("model-unreadable", `Expected a chat template in the model's file that is a text, got a ${typeof source}`);
  if (source === undefined || source.trim() === "") return undefined;
  try {
    return new JinjaTemplate(source);
  } catch (cause) {
    throw failure("model-unsupported", "a chat template in Jinja in the model's file", cause);
  }
}

export function nameOf({ path, info }: ModelFile): string {
  return info.metadata.general.name ?? basename(path);
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
): Promise<LlamaModel> {
  const { model: name = "embedded", signal } = options;
  try {
    return await llama.loadModel({
      ...modelOptions(llama, options),
      modelPath: file.path,
      gpuLayers: layersFor(file, gpuLayers, options),
    });
  } catch (cause) {
    await llama.dispose();
    signal?.throwIfAborted();
    const { InsufficientMemoryError } = await import("node-llama-cpp");
    if (cause instanceof InsufficientMemoryError) throw failure("out-of-memory", `memory for \`model\` \`${name}\``, cause);
    throw failure("model-unreadable", `llama.cpp to load \`model\` \`${name}\` (a damaged file, or one made for a newer version)`, cause);
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

/** What to load with: so many layers on the GPU, or no GPU at all, which even without layers would need memory to help. */
export type LayerRequest = GpuLayers | false;

/** How a model and its context are made. Both reject when memory is short, and then leave nothing of their own behind. */
export interface Making<Model extends { readonly gpuLayers: number }, Context> {
  readonly load: (request: LayerRequest) => Promise<Model>;
  readonly createContext: (model: Model) => Promise<Context>;
  /** Frees the model and all that was made of it. */
  readonly free: (model: Model) => Promise<void>;
  /** The most layers that may go to the GPU: what `"max"` is, and `"auto"` where nothing was loaded. 0 without a GPU. */
  readonly mostLayers: number;
}

/**
 * Loads the model and makes a context. Where memory is short it begins again with half of the layers on the GPU, at last without
 * the GPU, and says so each time. What was loaded before is freed before anything is loaded again.
 */
export async function loadToFit<Model extends { readonly gpuLayers: number }, Context>(
  { load, createContext, free, mostLayers }: Making<Model, Context>,
  { gpuLayers = "auto", signal, onNotice }: LlamaEngineOptions,
): Promise<{ readonly model: Model; readonly context: Context }> {
  let request: LayerRequest = mostLayers === 0 ? false : gpuLayers;
  for (;;) {
    signal?.throwIfAborted();
    let model: Model | undefined;
    try {
      model = await load(request);
      return { model, context: await createContext(model) };
    } catch (cause) {
      const layers = model?.gpuLayers ?? (typeof request === "number" ? Math.min(request, mostLayers) : mostLayers);
      if (model !== undefined) await free(model);
      if (!(await isShortage(cause))) throw cause;
      signal?.throwIfAborted();
      if (request === false) throw cause;
      request = layers > 1 ? Math.floor(layers / 2) : false;
      const again = request === false ? "without the GPU" : `with ${inWords(request)} there`;
      onNotice?.(`Not enough memory with ${inWords(layers)} on the GPU (${rootReasonOf(cause)}): loading the model again ${again}.`);
    }
  }
}

function inWords(layers: number): string {
  if (layers === 0) return "no layers";
  return layers === 1 ? "1 layer" : `${layers} layers`;
}
