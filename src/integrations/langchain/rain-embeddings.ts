import { Embeddings, type EmbeddingsParams } from "@langchain/core/embeddings";
import { callback, checkByRules, complaint, type Engine, EngineError, OptionError, type Rule } from "../../core/index.ts";
import { checkLlamaOptions, type LlamaEngine } from "../../llama.ts";
import { warn } from "../judging/events.ts";
import {
  type EngineSource,
  engineOptions,
  KEEP_ALIVE_RULE,
  LOAD_OPTIONS,
  type LoadOptions,
  loadOptions,
  MODEL_RULE,
  sourceOf,
} from "./engine-source.ts";

/** How to make `RainEmbeddings`. All optional. */
export interface RainEmbeddingsFields extends EmbeddingsParams, LoadOptions {
  /** As `ChatRain` takes it: with the same load options both use one engine. @default "embedded" */
  readonly model?: string | Engine;
  /** Told what a person should know although it works. @default a process warning */
  readonly onNotice?: (notice: string) => void;
}

const ANYTHING: Rule = { expected: "anything", isMet: () => true };

const RULES: Readonly<Record<string, Rule>> = {
  model: MODEL_RULE,
  onNotice: callback,
  ...Object.fromEntries([...LOAD_OPTIONS, "maxConcurrency", "maxRetries", "onFailedAttempt"].map((name) => [name, ANYTHING])),
  keepAlive: KEEP_ALIVE_RULE,
};

/**
 * A local model's vectors of texts, as embeddings of LangChain: of the model that chats, or of a file that was made for it, which finds more.
 *
 * ```ts
 * await using embeddings = new RainEmbeddings({ model: "embedded" });
 * const vector = await embeddings.embedQuery("How do I paint the house?");
 * ```
 *
 * Making one loads nothing. Vectors have unit length. Calls reject with `EngineError` where the model cannot be loaded, or is served elsewhere, and with
 * `ContextFullError` for a text that is longer than the context.
 */
export class RainEmbeddings extends Embeddings implements AsyncDisposable {
  readonly #source: EngineSource;
  readonly #onNotice: (notice: string) => void;

  /** @throws {OptionError} for options that cannot be meant */
  constructor(fields: RainEmbeddingsFields = {}) {
    checkByRules(fields, RULES);
    const { model = "embedded", onNotice = warn, ...rest } = fields;
    const options = loadOptions(rest);
    checkLlamaOptions(engineOptions(options));
    super(rest);
    this.#onNotice = onNotice;
    this.#source = sourceOf(model, options);
  }

  override async embedQuery(document: string): Promise<number[]> {
    const [vector] = (await this.embedDocuments([document])) as [number[]];
    return vector;
  }

  /** One after another. */
  override async embedDocuments(documents: string[]): Promise<number[][]> {
    documents.forEach((document, index) => {
      const name = `documents[${index}]`;
      if (typeof document !== "string") throw new OptionError(name, complaint(name, "a text", document), document);
    });
    const { engine, use } = await this.#source.hosted({ onNotice: this.#onNotice });
    using _ = use();
    if (!embeds(engine))
      throw new EngineError(
        "unsupported",
        `Expected a model that is loaded here, got ${engine.facts.model}, which is served elsewhere (ask its server for vectors)`,
      );
    const vectors: number[][] = [];
    for (const document of documents) vectors.push([...(await engine.embed(document))]);
    return vectors;
  }

  /** Frees what no other model uses. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source.release();
  }
}

function embeds(engine: Engine): engine is LlamaEngine {
  return "embed" in engine && typeof engine.embed === "function";
}
