import { freemem } from "node:os";
import { basename } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Llama, LlamaContext, LlamaModel, Token as LlamaToken } from "node-llama-cpp";
import type { ChatTemplate } from "./llama-chat-template.ts";
import { createContext } from "./llama-context.ts";
import { LlamaEngine, type LlamaParts } from "./llama-engine.ts";
import { failure } from "./llama-failure.ts";
import { findModelFile, type ModelFile } from "./llama-model-file.ts";
import type { LlamaEngineOptions } from "./llama-options.ts";
import { measureThreads, type ThreadCounts, Threads } from "./llama-threads.ts";
import { Vocabulary } from "./llama-vocabulary.ts";

/**
 * Loads a GGUF model with llama.cpp. Native code is loaded here and not before; nothing is ever compiled.
 *
 * @throws EngineError in one line that says what was expected and got: no such file, not a whole GGUF file, an unknown
 * architecture, no network, no memory, no llama.cpp for this machine.
 */
export async function loadLlamaEngine(options: LlamaEngineOptions = {}): Promise<LlamaEngine> {
  return new LlamaEngine(await loadLlamaParts(options));
}

/** What an engine is made of. Whoever takes it frees it: `llama.dispose()` frees the model and the context, too. */
export async function loadLlamaParts(options: LlamaEngineOptions): Promise<LlamaParts> {
  const { model: wish = "embedded", hub, signal, onDownload } = options;
  signal?.throwIfAborted();
  const file = await findModelFile({ model: wish, hub, signal, onDownload });
  const llama = await startLlama(options);
  try {
    const model = await loadModel({ llama, file }, options);
    const free = llama.gpu === false ? freemem() : (await llama.getVramState()).free;
    const context = await createContext(model, { free, modelBytes: file.bytes }, options);
    const threads = new Threads(llama, await chooseThreads({ llama, model, context }, options));
    const vocabulary = new Vocabulary(model, await chatTemplate(file));
    signal?.throwIfAborted();
    return { llama, model, context, vocabulary, threads, file: { ...file, name: nameOf(file) } };
  } catch (cause) {
    await llama.dispose();
    throw cause;
  }
}

async function startLlama({ gpu = "auto", signal }: LlamaEngineOptions): Promise<Llama> {
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
  if (gpu === "auto" || gpu === llama.gpu) return llama;
  await llama.dispose();
  throw failure("binding-missing", expected, new Error(`only ${llama.gpu === false ? "the CPU" : llama.gpu}`));
}

async function loadModel({ llama, file }: { llama: Llama; file: ModelFile }, options: LlamaEngineOptions): Promise<LlamaModel> {
  const { InsufficientMemoryError } = await import("node-llama-cpp");
  const { model: wish = "embedded", gpuLayers = "auto", signal, onLoad } = options;
  const loadSignal = signal === undefined ? {} : { loadSignal: signal };
  try {
    return await llama.loadModel({ modelPath: file.path, gpuLayers, ...loadSignal, onLoadProgress: (progress) => onLoad?.(progress) });
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof InsufficientMemoryError) throw failure("out-of-memory", `memory for \`model\` \`${wish}\``, cause);
    throw failure("model-unreadable", `llama.cpp to load \`model\` \`${wish}\` (a damaged file, or one made for a newer version)`, cause);
  }
}

/** Also finds out whether the model can continue a text at all. */
async function chooseThreads(
  parts: { llama: Llama; model: LlamaModel; context: LlamaContext },
  { threads }: LlamaEngineOptions,
): Promise<ThreadCounts> {
  const { llama, model, context } = parts;
  const sequence = context.getSequence();
  try {
    // Before it is known whether several threads help: on a busy machine they can take a hundred times as long as one.
    llama.maxThreads = threads ?? 1;
    await sequence.controlledEvaluate([[0 as LlamaToken, { generateNext: { token: true } }]]);
    const isAllOnGpu = llama.gpu !== false && model.gpuLayers > model.fileInsights.totalLayers - 1;
    const most = threads ?? llama.cpuMathCores;
    return threads !== undefined || isAllOnGpu ? { decode: most, batch: most } : await measureThreads(llama, sequence, most);
  } catch (cause) {
    throw failure("model-unsupported", "a model that continues texts", cause);
  } finally {
    await sequence.dispose();
  }
}

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
