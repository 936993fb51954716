import { availableParallelism, freemem } from "node:os";
import { basename } from "node:path";
import type { Llama, LlamaContext, LlamaModel, Token as LlamaToken } from "node-llama-cpp";
import type { ChatTemplate } from "./chat-template.ts";
import { createContext } from "./context.ts";
import { LlamaEngine, type LlamaParts } from "./engine.ts";
import { failure } from "./failure.ts";
import { loadToFit } from "./fallback.ts";
import type { Memory } from "./memory.ts";
import { loadModel, startLlama } from "./model.ts";
import { findModelFile, type ModelFile } from "./model-file.ts";
import { checkLlamaOptions, type LlamaEngineOptions } from "./options.ts";
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

/** What an engine is made of. Whoever takes it frees it: `llama.dispose()` frees the model and the context, too. */
export async function loadLlamaParts(options: LlamaEngineOptions): Promise<LlamaParts> {
  checkLlamaOptions(options);
  const { model: wish = "embedded", hub, signal, onDownload } = options;
  signal?.throwIfAborted();
  const file = await findModelFile({ model: wish, hub, signal, onDownload });
  const template = await chatTemplate(file);
  let llama = await startLlama(options);
  try {
    tellAhead(llama, options);
    const { model, context } = await loadToFit(
      {
        mostLayers: llama.gpu === false ? 0 : layersOf(file),
        load: async (layers) => {
          if (llama.disposed) llama = await startLlama(layers === false ? { ...options, gpu: false } : options);
          return await loadModel({ llama, file, gpuLayers: layers === false ? 0 : layers }, options);
        },
        createContext: async (loaded) => createContext(loaded.model, await memoryFor(file, llama), options),
      },
      options,
    );
    return await partsOf({ llama, model: model.model, context, file, template }, options);
  } catch (cause) {
    await llama.dispose();
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
  options.signal?.throwIfAborted();
  return { llama, model, context, vocabulary, threads, devices, file: { ...file, name: nameOf(file) }, findJudge: options.findJudge };
}

/** What was asked for, and will not do what a person hopes. */
function tellAhead(llama: Llama, { gpuLayers = "auto", threads = 1, onNotice }: LlamaEngineOptions): void {
  if (llama.gpu === false && gpuLayers !== "auto" && gpuLayers !== 0) onNotice?.("No GPU is used: the CPU computes all layers.");
  const cores = availableParallelism();
  if (threads > cores) onNotice?.(`This machine has ${cores} cores: ${threads} threads wait for each other.`);
}

/** The blocks, and the output. */
function layersOf({ info }: ModelFile): number {
  return (info.architectureMetadata.block_count ?? 0) + 1;
}

async function memoryFor({ bytes }: ModelFile, llama: Llama): Promise<Memory> {
  return { gpu: llama.gpu === false ? 0 : (await llama.getVramState()).free, cpu: freemem(), modelBytes: bytes };
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
async function chatTemplate({ info }: ModelFile): Promise<ChatTemplate | undefined> {
  const source = info.metadata.tokenizer?.chat_template;
  if (source === undefined || source.trim() === "") return undefined;
  const { Template } = await import("@huggingface/jinja");
  try {
    return new Template(source);
  } catch (cause) {
    throw failure("model-unsupported", "a chat template in Jinja in the model's file", cause);
  }
}

function nameOf({ path, info }: ModelFile): string {
  return info.metadata.general.name ?? basename(path);
}
