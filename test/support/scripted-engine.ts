import type {
  Call,
  Engine,
  EngineFacts,
  NextTokenQuery,
  NextTokens,
  Passage,
  Prefix,
  Thinking,
  Token,
  TokenCandidate,
  Tokenizer,
} from "../../src/core/engine.ts";
import { ContextFullError, EngineError } from "../../src/core/errors.ts";
import { JsonFormats } from "../../src/engines/json-format/index.ts";
import { ByteVocabulary, byteTokenizer, END_TOKEN, type PlainThoughts } from "./byte-vocabulary.ts";

/** The key under which a script says how likely the end is. */
export const END = "<end>";

/** The weight of a token that is asked about and that the script says nothing of. Beside those that it speaks of it is lost. */
const UNHEARD = 1e-20;

/** How likely each next piece is; need not sum to 1. A key is a piece of the vocabulary, a single character, or `END`. */
export type Weights = Readonly<Record<string, number>>;

export interface Script {
  /** What comes after `text`, the whole text from the beginning. Also asked for the labels of a verdict. */
  readonly next: (text: string) => Weights;
  /** Pieces of the vocabulary beside the 256 bytes. */
  readonly pieces: readonly string[];
  readonly contextSize?: number;
  /** How it thinks, if it does. Its special tokens are keys of weights by their names, and stand so in `text`. */
  readonly thinking?: ScriptedThinking;
}

/** The marks of a model that thinks, as text. */
export interface ScriptedThinking extends Partial<PlainThoughts> {
  /** Tokens that read as nothing. */
  readonly specials: readonly string[];
  readonly open: string;
  readonly preamble?: string;
  readonly close: string;
  readonly closing?: string;
  readonly lead?: string;
  readonly header?: string;
  readonly end?: string | undefined;
}

/** A language model by look-up: seeded, exact, with a cache that never forgets, counted as a real engine counts. */
export function scriptedEngine(script: Script): Engine {
  return new ScriptedEngine(script);
}

class ScriptedEngine implements Engine {
  readonly facts: EngineFacts;
  readonly #script: Script;
  readonly #vocabulary: ByteVocabulary;
  readonly #cache = new PrefixCache();
  /** What the pieces are in tokens of which the script has spoken: it speaks of the same few at every step. */
  readonly #spoken = new Map<string, readonly Token[]>([[END, [END_TOKEN]]]);
  readonly formats: JsonFormats;
  readonly tokenizer: Tokenizer;
  readonly #held = new Set<Prefix>();
  /** Held prefixes whose last token was computed for another request: it is not computed again. */
  readonly #readAlong = new Set<Prefix>();
  #isDisposed = false;

  constructor(script: Script) {
    this.#script = script;
    const { thinking } = script;
    this.#vocabulary = new ByteVocabulary(script.pieces, thinking?.specials);
    this.tokenizer = byteTokenizer(this.#vocabulary, { asked: thinking?.asked ?? "", quiet: thinking?.quiet ?? "" });
    const { size } = this.#vocabulary;
    const bytesOf = (token: Token) => this.#vocabulary.textOfBytes(token);
    this.formats = new JsonFormats(() => ({ size, bytesOf, isEnd: (token) => this.tokenizer.isEnd(token) }));
    this.facts = {
      model: "scripted",
      contextSize: script.contextSize ?? 4096,
      vocabularySize: this.#vocabulary.size,
      hasChatTemplate: false,
      ...(thinking === undefined ? {} : { thinking: inTokens(thinking, this.#vocabulary) }),
    };
  }

  /** What the script says nothing of is as good as impossible, and among the likeliest not at all. */
  async next(queries: readonly NextTokenQuery[], call: Call): Promise<NextTokens[]> {
    const costs = queries.map(({ prefix }) => (this.#readAlong.delete(prefix) ? 0 : 1));
    await this.#decode(
      queries.map(({ prefix }) => prefix),
      call,
      costs,
    );
    for (const held of this.#held) if (queries.some(({ prefix }) => prefix !== held && isSame(prefix, held))) this.#readAlong.add(held);
    return queries.map(({ prefix, topK = 0, tokens = [] }) => {
      const weights = this.#weightsAfter(prefix);
      const logits = tokens.map((token) => Math.log(weights.get(token) ?? UNHEARD));
      return { likeliest: topK === 0 ? [] : likeliestOf(weights).slice(0, topK), logits };
    });
  }

  hold(prefix: Prefix): Disposable {
    this.#held.add(prefix);
    return {
      [Symbol.dispose]: () => {
        this.#held.delete(prefix);
        this.#readAlong.delete(prefix);
      },
    };
  }

  async distributions({ prefix, tokens, isAfresh = false }: Passage, call: Call): Promise<Float32Array[]> {
    const behind = tokens.map((_, place) => [...prefix, ...tokens.slice(0, place)]);
    const last = behind.at(-1) as Prefix;
    await this.#decode([last], call, [isAfresh ? last.length : tokens.length]);
    return behind.map((before) => this.#distributionAfter(before));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
  }

  /** One decode call. A cached prefix still costs its last `atLeast` tokens: without them there is nothing to read off. */
  async #decode(prefixes: readonly Prefix[], call: Call, atLeast: readonly number[]): Promise<void> {
    if (this.#isDisposed) throw new EngineError("disposed", "Expected an engine in use, got a disposed one");
    call.signal?.throwIfAborted();
    const longest = Math.max(...prefixes.map((prefix) => prefix.length));
    if (longest > this.facts.contextSize) throw new ContextFullError(longest, this.facts.contextSize);
    await Promise.resolve();
    call.signal?.throwIfAborted();
    const tokens = prefixes.reduce((sum, prefix, index) => sum + Math.max(atLeast[index] ?? 1, this.#cache.add(prefix)), 0);
    if (tokens > 0) call.meter.record(call.purpose, tokens, 1);
  }

  /** What the script says nothing of is impossible. */
  #distributionAfter(prefix: Prefix): Float32Array {
    const weights = this.#weightsAfter(prefix);
    const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
    if (!Number.isFinite(total)) throw new EngineError("decode-failed", `Expected numbers as weights, got \`${total}\``);
    return Float32Array.from({ length: this.facts.vocabularySize }, (_, token) => Math.log((weights.get(token) ?? 0) / total));
  }

  /** The script speaks of whole characters; while one is half written, only its remaining bytes can follow. */
  #weightsAfter(prefix: Prefix): ReadonlyMap<Token, number> {
    const { text, rest } = this.#vocabulary.split(prefix);
    const weights = new Map<Token, number>();
    for (const [piece, weight] of Object.entries(this.#script.next(text))) {
      const tokens = this.#tokensOf(piece);
      const next = tokens[rest.length];
      if (next !== undefined && rest.every((token, index) => token === tokens[index])) weights.set(next, (weights.get(next) ?? 0) + weight);
    }
    return weights;
  }

  #tokensOf(piece: string): readonly Token[] {
    const known = this.#spoken.get(piece) ?? this.#vocabulary.tokenizeMarked(piece);
    this.#spoken.set(piece, known);
    return known;
  }
}

function inTokens(thinking: ScriptedThinking, vocabulary: ByteVocabulary): Thinking {
  const { open, preamble = "", close, closing = close, lead = "", header = "", asked = "", quiet = "", end } = thinking;
  const isOpenAt = (text: string) => text.trimEnd().endsWith(open.trim());
  const tokens = (text: string) => vocabulary.tokenizeMarked(text);
  const unasked = tokens(isOpenAt(quiet) ? closing : header);
  const marks = {
    open: tokens(open),
    preamble: tokens(preamble),
    close: tokens(close),
    closing: tokens(closing),
    lead: tokens(lead),
    header: tokens(header),
  };
  return { ...marks, unasked, isOpen: isOpenAt(asked), end };
}

function likeliestOf(weights: ReadonlyMap<Token, number>): TokenCandidate[] {
  const candidates = [...weights].filter(([, weight]) => weight !== 0).map(([token, weight]) => ({ token, logit: Math.log(weight) }));
  // What is no number comes first, so that nothing that is cut off hides it.
  const damage = ({ logit }: TokenCandidate) => Number(Number.isNaN(logit));
  return candidates.toSorted((left, right) => damage(right) - damage(left) || right.logit - left.logit || left.token - right.token);
}

function isSame(left: Prefix, right: Prefix): boolean {
  return left.length === right.length && left.every((token, index) => token === right[index]);
}

interface Branch extends Map<Token, Branch> {}

/** All prefixes that were ever computed, as a tree of tokens. */
class PrefixCache {
  readonly #root: Branch = new Map();

  /** Puts a prefix in; the number of its tokens that were not there. */
  add(prefix: Prefix): number {
    let branch = this.#root;
    let added = 0;
    for (const token of prefix) {
      let next = branch.get(token);
      if (next === undefined) {
        next = new Map();
        branch.set(token, next);
        added++;
      }
      branch = next;
    }
    return added;
  }
}
