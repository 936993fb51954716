import type { LlamaEmbeddingContext, LlamaModel } from "node-llama-cpp";
import type { Token } from "../../core/engine.ts";
import { ContextFullError } from "../../core/errors.ts";
import { failure } from "./failure.ts";

/** Whole texts as vectors, on the weights of a loaded model. Answers leave no room for it in their context, so it has one of its own, made at first use. */
export class TextEmbedding {
  readonly #model: LlamaModel;
  readonly #longest: number;
  readonly #threads: number;
  #context: Promise<LlamaEmbeddingContext> | undefined;

  /** @param longest texts that it takes, in tokens */
  constructor(model: LlamaModel, { longest, threads }: { readonly longest: number; readonly threads: number }) {
    this.#model = model;
    this.#longest = longest;
    this.#threads = threads;
  }

  /**
   * What the model makes of a text, at unit length: its numbers behind the last token, or pooled as its file says.
   *
   * @returns as many numbers as the model is wide; zeros for a text without tokens
   * @throws {ContextFullError} for a text that is too long
   * @throws {EngineError} `out-of-memory` where there is none for the context
   */
  async of(tokens: readonly Token[]): Promise<readonly number[]> {
    if (tokens.length === 0) return new Array<number>(this.#model.embeddingVectorSize).fill(0);
    // One before the text and one behind it, as the model may want.
    if (tokens.length + 2 > this.#longest) throw new ContextFullError(tokens.length + 2, this.#longest, "cut the text into shorter ones");
    this.#context ??= this.#begin();
    const { vector } = await (await this.#context).getEmbeddingFor([...tokens] as Parameters<LlamaEmbeddingContext["getEmbeddingFor"]>[0]);
    const length = Math.hypot(...vector);
    return length === 0 ? vector : vector.map((number) => number / length);
  }

  async #begin(): Promise<LlamaEmbeddingContext> {
    try {
      return await this.#model.createEmbeddingContext({ contextSize: { max: this.#longest }, threads: this.#threads });
    } catch (cause) {
      this.#context = undefined;
      throw failure("out-of-memory", "memory for a second context, in which texts are read as vectors", cause);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#context?.catch(() => undefined))?.dispose();
  }
}
