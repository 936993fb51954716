import type { Llama, LlamaContext, LlamaModel, Token as LlamaToken } from "node-llama-cpp";
import type { Call, Engine, EngineFacts, NextTokenQuery, NextTokens, Passage, Prefix, Token, Tokenizer } from "../../core/engine.ts";
import { EngineError } from "../../core/errors.ts";
import type { FindJudge } from "../../core/judge/verdict.ts";
import { JsonFormats } from "../json-format/formats.ts";
import { bytesOf } from "../json-format/grammar.ts";
import { TokenIndex, type TokenTable } from "../json-format/token-index.ts";
import type { Hosts } from "./claim-many.ts";
import { Decoder } from "./decoder.ts";
import { distributions } from "./distributions.ts";
import { cacheTypeOf } from "./memory.ts";
import type { ModelFile } from "./model-file.ts";
import { next } from "./next.ts";
import type { CacheType } from "./options.ts";
import { canCopySequences } from "./sequence-copy.ts";
import { Slot } from "./slot.ts";
import { SlotPool } from "./slot-pool.ts";
import { parameterCount } from "./tensor-size.ts";
import type { ThreadCounts, Threads } from "./threads.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** What a llama engine says of itself. */
export interface LlamaFacts extends EngineFacts {
  /** Path of the model's file. */
  readonly file: string;
  readonly fileBytes: number;
  /** Numbers that the model has learned, in all parts of its file. */
  readonly parameters: number;
  readonly architecture: string;
  /** What computes: `false` is the CPU alone. */
  readonly gpu: "cuda" | "vulkan" | "metal" | false;
  /** The GPUs' names, such as a card's. */
  readonly devices: readonly string[];
  /** Layers on the GPU, of all that the model has. */
  readonly gpuLayers: number;
  readonly layers: number;
  /** `"auto"`: llama.cpp has decided, and does not say how. */
  readonly flashAttention: boolean | "auto";
  /** How the cache stores its numbers. */
  readonly cacheType: CacheType;
  readonly threads: ThreadCounts;
  /** Prefixes that are kept at once. */
  readonly sequences: number;
  /** Whether the model can only be rewound to points where its state was saved. */
  readonly needsCheckpoints: boolean;
}

/** What `loadLlamaEngine` has loaded. The engine owns it and frees it. */
export interface LlamaParts {
  readonly llama: Llama;
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly vocabulary: Vocabulary;
  readonly threads: Threads;
  readonly devices: readonly string[];
  readonly file: ModelFile & { readonly name: string };
  /** Whether branches copy what they share; without it they compute it again. */
  readonly canCopy?: boolean;
  readonly findJudge?: FindJudge | undefined;
}

/** The engine on llama.cpp, through node-llama-cpp: a GGUF model on this machine. Many requests may run at once. */
export class LlamaEngine implements Engine {
  readonly facts: LlamaFacts;
  readonly findJudge: FindJudge | undefined;
  readonly chatTemplate: string | undefined;
  readonly formats: JsonFormats;
  readonly tokenizer: Tokenizer;
  readonly #parts: LlamaParts;
  readonly #hosts: Hosts;
  #running = 0;
  #whenIdle: (() => void) | undefined;
  #disposal: Promise<void> | undefined;

  constructor(parts: LlamaParts) {
    const { context, threads } = parts;
    const slots = Array.from({ length: context.totalSequences }, (_, index) => new Slot(context.getSequence(), index));
    const first = (slots[0] as Slot).sequence;
    const pool = new SlotPool(slots, parts.canCopy ?? canCopySequences(first));
    const ensureOpen = () => this.#ensureOpen();
    const decoder = new Decoder({ context, pool, threads, ensureOpen });
    this.#parts = parts;
    this.findJudge = parts.findJudge;
    this.chatTemplate = parts.file.info.metadata.tokenizer?.chat_template;
    this.tokenizer = whileOpen(parts.vocabulary, ensureOpen);
    this.formats = new JsonFormats(() => {
      ensureOpen();
      return new TokenIndex(tokenTable(parts.model));
    });
    this.#hosts = { pool, decoder, vocabularySize: parts.vocabulary.size, ensureOpen };
    this.facts = factsOf(parts, decoder.contextSize, first.needsCheckpoints);
  }

  async next(queries: readonly NextTokenQuery[], call: Call): Promise<NextTokens[]> {
    return await this.#step(call, () => next(this.#hosts, queries, call));
  }

  hold(prefix: Prefix): Disposable {
    const { guards } = this.#hosts.pool;
    const guard = guards.add(prefix);
    return { [Symbol.dispose]: () => guards.remove(guard) };
  }

  async distributions(passage: Passage, call: Call): Promise<Float32Array[]> {
    return await this.#step(call, () => distributions(this.#hosts, passage, call));
  }

  /** Running calls end within one decode step, with an `EngineError`; then everything native is freed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose();
    await this.#disposal;
  }

  #ensureOpen(): void {
    if (this.#disposal !== undefined) throw new EngineError("disposed", "Expected an engine in use, got one that was disposed");
  }

  async #step<Result>(call: Call, work: () => Promise<Result>): Promise<Result> {
    call.signal?.throwIfAborted();
    this.#ensureOpen();
    this.#running++;
    try {
      return await work();
    } finally {
      this.#running--;
      if (this.#running === 0) this.#whenIdle?.();
    }
  }

  async #dispose(): Promise<void> {
    this.#hosts.pool.wake();
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
    await Promise.all(this.#hosts.pool.slots.map(({ evaluator }) => evaluator.close()));
    await this.#parts.context.dispose();
    await this.#parts.model.dispose();
    await this.#parts.llama.dispose();
  }
}

/** The same tokenizer, which asks first whether the model is still there. */
function whileOpen(tokenizer: Tokenizer, ensureOpen: () => void): Tokenizer {
  const open = () => {
    ensureOpen();
    return tokenizer;
  };
  return {
    render: (turns) => open().render(turns),
    renderText: (text) => open().renderText(text),
    tokenize: (text) => open().tokenize(text),
    detokenize: (tokens, after) => open().detokenize(tokens, after),
    nameOf: (token) => open().nameOf(token),
    isEnd: (token) => open().isEnd(token),
  };
}

function factsOf(
  { llama, model, context, vocabulary, threads, devices, file }: LlamaParts,
  contextSize: number,
  needsCheckpoints: boolean,
): LlamaFacts {
  return {
    model: file.name,
    contextSize,
    vocabularySize: vocabulary.size,
    hasChatTemplate: vocabulary.hasChatTemplate,
    isBaseModel: !vocabulary.hasChatTemplate,
    file: file.path,
    fileBytes: file.bytes,
    parameters: parameterCount(file.info),
    architecture: model.architecture,
    gpu: llama.gpu,
    devices,
    gpuLayers: model.gpuLayers,
    layers: model.fileInsights.totalLayers,
    flashAttention: context.flashAttention,
    cacheType: cacheTypeOf(context.kvCacheKeyType),
    threads: threads.counts,
    sequences: context.totalSequences,
    needsCheckpoints,
    ...(vocabulary.callKeys === undefined ? {} : { callKeys: vocabulary.callKeys }),
  };
}

/**
 * What the tokens of a model say, byte by byte. The library gives texts, in which half a character reads as U+FFFD; what such a token
 * says is read off the vocabulary in the model's file. A token that reads as something only with others says nothing here.
 */
export function tokenTable(model: LlamaModel): TokenTable {
  const { tokens = [], model: kind } = model.fileInfo.metadata.tokenizer?.ggml ?? {};
  // Behind another word, so that a space in front of the token is not taken for the one that begins a text.
  const before = model.tokenize("a");
  return {
    size: tokens.length,
    isEnd: (token) => model.isEogToken(token as LlamaToken),
    bytesOf(token: Token) {
      const text = model.detokenize([token as LlamaToken], false, before);
      // Special tokens read as nothing.
      return text.includes("\uFFFD") ? namedBytes(String(tokens[token]), kind) : bytesOf(text);
    },
  };
}

/** The bytes that a token's name in the vocabulary stands for; `undefined` for names of an unknown kind. */
function namedBytes(name: string, kind: string | undefined): string | undefined {
  const byte = /^<0x([0-9A-F]{2})>$/.exec(name)?.[1];
  if (byte !== undefined) return String.fromCharCode(Number.parseInt(byte, 16));
  if (kind !== "gpt2") return undefined;
  const bytes = [...name].map((letter) => BYTE_OF_LETTER.get(letter));
  return bytes.includes(undefined) ? undefined : String.fromCharCode(...(bytes as number[]));
}

/** Byte-level vocabularies (GPT-2's and all after it) write each byte as a letter: printable ones as themselves, the others from U+0100 on. */
const BYTE_OF_LETTER: ReadonlyMap<string, number> = new Map(lettersOfBytes());

function* lettersOfBytes(): Generator<[letter: string, byte: number]> {
  let others = 0;
  for (let byte = 0; byte < 256; byte++) {
    const isPrintable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    yield [String.fromCharCode(isPrintable ? byte : 0x100 + others++), byte];
  }
}
