import { EitherSignal } from "../../core/either-signal.ts";
import type { Call, Engine, EngineFacts, NextTokenQuery, NextTokens, Passage, Prefix, Tokenizer } from "../../core/engine.ts";
import { ContextFullError, EngineError } from "../../core/errors.ts";
import type { FindJudge } from "../../core/judge/verdict.ts";
import { JsonFormats } from "../json-format/index.ts";
import { whileOpen } from "../llama/engine.ts";
import { tokenTable } from "../llama/token-bytes.ts";
import type { LoadedVocabulary } from "../llama/vocabulary-only.ts";
import type { ServedModel } from "./served-model.ts";

/** What an engine says of itself whose model is served elsewhere. */
export interface RemoteFacts extends EngineFacts {
  /** Where the server listens. */
  readonly url: string;
  /** What listens there, such as `llama-server`. */
  readonly server: string;
  /** The file of the vocabulary, on this machine. */
  readonly vocabulary: string;
  /** The model's own file, where the server reads the very one of the vocabulary. */
  readonly file?: string;
  /** Numbers that the model has learned, 0 where nobody says it; where only the header of a model in several parts was fetched, those of the first one. */
  readonly parameters: number;
  /** What the server says that they take. @default the bytes of the vocabulary's file */
  readonly fileBytes: number;
}

/** What `connectEngine` has put together. The engine owns it and frees it. */
export interface RemoteParts {
  readonly facts: RemoteFacts;
  readonly loaded: LoadedVocabulary;
  readonly served: ServedModel;
  readonly findJudge: FindJudge | undefined;
}

/** An engine whose model is served by another program, there; texts become tokens here, and tokens are drawn here. Many requests may run at once. */
export class RemoteEngine implements Engine {
  readonly facts: RemoteFacts;
  readonly findJudge: FindJudge | undefined;
  readonly chatTemplate: string | undefined;
  readonly formats: JsonFormats;
  readonly tokenizer: Tokenizer;
  readonly #parts: RemoteParts;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  #disposal: Promise<void> | undefined;

  constructor(parts: RemoteParts) {
    const { facts, loaded, findJudge } = parts;
    this.#parts = parts;
    this.facts = facts;
    this.findJudge = findJudge;
    this.chatTemplate = loaded.chatTemplate;
    const ensureOpen = () => this.#closing.signal.throwIfAborted();
    this.tokenizer = whileOpen(loaded.vocabulary, ensureOpen);
    this.formats = new JsonFormats(() => {
      ensureOpen();
      return tokenTable(loaded.model);
    });
  }

  async next(queries: readonly NextTokenQuery[], call: Call): Promise<NextTokens[]> {
    const longest = Math.max(0, ...queries.map(({ prefix }) => prefix.length));
    return await this.#run(longest, call, (own) => this.#parts.served.next(queries, own));
  }

  hold(prefix: Prefix): Disposable {
    return this.#parts.served.hold(prefix);
  }

  async distributions(passage: Passage, call: Call): Promise<Float32Array[]> {
    const { prefix, tokens } = passage;
    return await this.#run(prefix.length + tokens.length - 1, call, (own) => this.#parts.served.distributions(passage, own));
  }

  /** Requests that run are hung up on and reject with an `EngineError`; then the vocabulary is freed. The server goes on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose();
    await this.#disposal;
  }

  async #dispose(): Promise<void> {
    this.#closing.abort(new EngineError("disposed", "Expected an engine in use, got one that was disposed"));
    await Promise.allSettled(this.#running);
    await this.#parts.loaded[Symbol.asyncDispose]();
  }

  /** Rejects with the signal's reason as soon as it is aborted, whatever the server still does. */
  async #run<Result>(length: number, call: Call, work: (call: Call) => Promise<Result>): Promise<Result> {
    const { signal: closing } = this.#closing;
    closing.throwIfAborted();
    call.signal?.throwIfAborted();
    const { contextSize } = this.facts;
    if (length > contextSize) throw new ContextFullError(length, contextSize);
    using either = new EitherSignal(call.signal, closing);
    const { signal } = either;
    const running = work({ ...call, signal });
    this.#running.add(running);
    try {
      const result = await running;
      signal.throwIfAborted();
      return result;
    } finally {
      this.#running.delete(running);
    }
  }
}
