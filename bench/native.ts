/**
 * llama.cpp with as little around it as Node.js can reach, as a measure for what the engine adds. No program of llama.cpp comes with
 * node-llama-cpp, its `llama-bench` neither; `decode` does what that does for a token, with the same library.
 */
import {
  getLlama,
  type Llama,
  type LlamaContext,
  type LlamaContextSequence,
  LlamaLogLevel,
  type Token as LlamaToken,
} from "node-llama-cpp";
import type { Token } from "rain-align";
import type { LlamaEngine } from "rain-align/llama";

/** The binding's own object, which the library's types leave out: one decode call of llama.cpp, on a thread of its own. */
interface Binding {
  initBatch(tokens: number): void;
  addToBatch(sequence: number, position: number, tokens: Uint32Array, indexesWithLogits: Uint32Array): void;
  decodeBatch(): Promise<void>;
  setThreads(threads: number): void;
  disposeSequence(sequence: number): void;
}

const PROMPT_BATCH = 256;

export class NativeLoop implements AsyncDisposable {
  readonly #llama: Llama;
  readonly #sequence: LlamaContextSequence;
  readonly #binding: Binding;
  readonly #threads: number;

  private constructor(llama: Llama, context: LlamaContext, threads: number) {
    this.#llama = llama;
    this.#sequence = context.getSequence();
    this.#binding = bindingOf(context);
    this.#threads = threads;
  }

  /**
   * The model of an engine once more, with the same threads and layers on the GPU. `"as-it-comes"` leaves attention to the library,
   * which on a CPU takes flash attention; `"like-ours"` computes it as the engine does.
   */
  static async beside({ facts }: LlamaEngine, attention: "like-ours" | "as-it-comes" = "like-ours"): Promise<NativeLoop> {
    const llama = await getLlama({ gpu: facts.gpu, build: "never", logLevel: LlamaLogLevel.disabled, maxThreads: 0 });
    const model = await llama.loadModel({ modelPath: facts.file, ...(facts.gpu === false ? {} : { gpuLayers: facts.gpuLayers }) });
    const context = await model.createContext({
      contextSize: facts.contextSize,
      threads: facts.threads.decode,
      ...(attention === "like-ours" ? { flashAttention: facts.flashAttention } : {}),
    });
    return new NativeLoop(llama, context, facts.threads.decode);
  }

  /** Milliseconds of so many decode calls behind a prompt, a token each. Nothing is sampled: the tokens are arbitrary. */
  async decode(prompt: readonly Token[], calls: number): Promise<number> {
    await this.#clear();
    this.#binding.setThreads(this.#threads);
    for (let start = 0; start < prompt.length; start += PROMPT_BATCH) await this.#read(start, prompt.slice(start, start + PROMPT_BATCH));
    const started = performance.now();
    for (let call = 0; call < calls; call++) await this.#read(prompt.length + call, [prompt[call % prompt.length] as Token]);
    return performance.now() - started;
  }

  /** Milliseconds of so many tokens from node-llama-cpp's own loop, which samples and goes on past the end of an answer. */
  async evaluate(prompt: readonly Token[], tokens: number, seed: number): Promise<number> {
    await this.#clear();
    const started = performance.now();
    const options = { temperature: 1, topK: 40, topP: 0.95, seed, yieldEogToken: true };
    let count = 0;
    for await (const _ of this.#sequence.evaluate([...prompt] as LlamaToken[], options)) if (++count >= tokens) break;
    return performance.now() - started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#llama.dispose();
  }

  /** The library knows nothing of what `decode` has computed. */
  async #clear(): Promise<void> {
    await this.#sequence.clearHistory();
    this.#binding.disposeSequence(0);
  }

  async #read(position: number, tokens: readonly Token[]): Promise<void> {
    this.#binding.initBatch(tokens.length);
    this.#binding.addToBatch(0, position, Uint32Array.from(tokens), Uint32Array.of(tokens.length - 1));
    await this.#binding.decodeBatch();
  }
}

function bindingOf(context: LlamaContext): Binding {
  const binding = "_ctx" in context ? context._ctx : undefined;
  if (isBinding(binding)) return binding;
  throw new TypeError("Expected node-llama-cpp's context to hold its binding in `_ctx`, got none (another version of the library?)");
}

function isBinding(value: unknown): value is Binding {
  const methods = ["initBatch", "addToBatch", "decodeBatch", "setThreads", "disposeSequence"];
  return typeof value === "object" && value !== null && methods.every((method) => typeof Reflect.get(value, method) === "function");
}
