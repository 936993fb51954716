import type {
  Call,
  Continuation,
  Engine,
  EngineFacts,
  Lookahead,
  NextTokenQuery,
  OutputFormat,
  Passage,
  Prefix,
  Question,
  SampledToken,
  Token,
  Turn,
} from "../../src/core/engine.ts";
import { ContextFullError, EngineError } from "../../src/core/errors.ts";
import { plainConversation } from "../../src/core/prompts/chat-turn.ts";
import { drawToken, type TokenCandidate, withProbabilities } from "../../src/core/sampler.ts";
import { Formats } from "../../src/engines/json-format/formats.ts";
import type { FormattedText } from "../../src/engines/json-format/formatted-text.ts";
import { TokenIndex } from "../../src/engines/json-format/token-index.ts";
import { BEGIN, ByteVocabulary, END_TOKEN } from "./byte-vocabulary.ts";
import { PrefixCache } from "./prefix-cache.ts";

/** The key under which a script says how likely the end is. */
export const END = "<end>";

/** The weight, under a format, of a token that the script says nothing of. */
const JUST_POSSIBLE = 1e-6;

/** How likely each next piece is; need not sum to 1. A key is a piece of the vocabulary, a single character, or `END`. */
export type Weights = Readonly<Record<string, number>>;

export interface Script {
  /** What comes after `text`, the whole text from the beginning. Also asked for the labels of a verdict. */
  readonly next: (text: string) => Weights;
  /** Pieces of the vocabulary beside the 256 bytes. */
  readonly pieces: readonly string[];
  readonly contextSize?: number;
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
  readonly #formats: Formats;
  /** Generations that are paused, or wait for their next token. */
  readonly #open = new Set<Branch>();
  #isDisposed = false;

  constructor(script: Script) {
    this.#script = script;
    this.#vocabulary = new ByteVocabulary(script.pieces);
    const { size } = this.#vocabulary;
    const bytesOf = (token: Token) => this.#vocabulary.textOfBytes(token);
    this.#formats = new Formats(() => new TokenIndex({ size, bytesOf, isEnd: (token) => this.isEnd(token) }));
    this.facts = {
      model: "scripted",
      contextSize: script.contextSize ?? 4096,
      vocabularySize: this.#vocabulary.size,
      hasChatTemplate: false,
    };
  }

  render(turns: readonly Turn[]): Token[] {
    return this.renderText(plainConversation(turns));
  }

  renderText(text: string): Token[] {
    return [BEGIN, ...this.tokenize(text)];
  }

  tokenize(text: string): Token[] {
    return this.#vocabulary.tokenize(text);
  }

  detokenize(tokens: readonly Token[]): string {
    return this.#vocabulary.detokenize(tokens);
  }

  nameOf(token: Token): string {
    return this.#vocabulary.nameOf(token);
  }

  isEnd(token: Token): boolean {
    return token === END_TOKEN;
  }

  async prime(prefixes: readonly Prefix[], call: Call): Promise<void> {
    await this.#decode(
      prefixes.map((prefix) => prefix.slice(0, -1)),
      call,
      0,
    );
  }

  async *generate(continuation: Continuation, call: Call): AsyncGenerator<SampledToken, void, void> {
    const branch = this.#branch(continuation);
    this.#open.add(branch);
    try {
      while (!isDone(branch)) {
        await this.#decode([branch.prefix], call, branch.isReadAlong ? 0 : 1);
        branch.isReadAlong = false;
        yield this.#draw(branch);
      }
    } finally {
      this.#open.delete(branch);
    }
  }

  async sampleMany(continuations: readonly Continuation[], call: Call): Promise<SampledToken[][]> {
    const branches = continuations.map((continuation) => this.#branch(continuation));
    for (let open = branches; open.length > 0; open = open.filter((branch) => !isDone(branch))) {
      await this.#decode(
        open.map(({ prefix }) => prefix),
        call,
      );
      for (const branch of open) this.#draw(branch);
    }
    return branches.map(({ drawn }) => drawn);
  }

  async likeliest(lookahead: Lookahead, call: Call): Promise<SampledToken[]> {
    const { prefix, count } = lookahead;
    const text = this.#formats.begin(lookahead);
    await this.#decode([prefix], call);
    return withProbabilities(this.#candidatesAfter(prefix, text).slice(0, count), prefix.length);
  }

  checkFormat(format: OutputFormat): void {
    this.#formats.check(format);
  }

  /** What the script says nothing of is as good as impossible. */
  async next(queries: readonly NextTokenQuery[], call: Call): Promise<number[][]> {
    await this.#decode(
      queries.map(({ prefix }) => prefix),
      call,
    );
    for (const branch of this.#open) branch.isReadAlong ||= queries.some(({ prefix }) => isSame(prefix, branch.prefix));
    return queries.map(({ prefix, tokens }) => {
      const weights = this.#weightsAfter(prefix);
      return tokens.map((token) => Math.log(weights.get(token) || JUST_POSSIBLE));
    });
  }

  async compare(questions: readonly Question[], call: Call): Promise<number[][]> {
    await this.#decode(
      questions.map(({ prefix }) => prefix),
      call,
    );
    return questions.map(({ prefix, candidates }) => {
      const weights = this.#weightsAfter(prefix);
      const asked = candidates.map((candidate) => weights.get(candidate) ?? 0);
      const total = asked.reduce((sum, weight) => sum + weight, 0);
      return asked.map((weight) => weight / total);
    });
  }

  async distributions({ prefix, tokens, isAfresh = false }: Passage, call: Call): Promise<Float32Array[]> {
    const behind = tokens.map((_, place) => [...prefix, ...tokens.slice(0, place)]);
    const last = behind.at(-1) as Prefix;
    await this.#decode([last], call, isAfresh ? last.length : tokens.length);
    return behind.map((before) => this.#distributionAfter(before));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
  }

  /** One decode call. A cached prefix still costs its last `atLeast` tokens: without them there is nothing to read off. */
  async #decode(prefixes: readonly Prefix[], call: Call, atLeast = 1): Promise<void> {
    if (this.#isDisposed) throw new EngineError("disposed", "Expected an engine in use, got a disposed one");
    call.signal?.throwIfAborted();
    const longest = Math.max(...prefixes.map((prefix) => prefix.length));
    if (longest > this.facts.contextSize) throw new ContextFullError(longest, this.facts.contextSize);
    await Promise.resolve();
    call.signal?.throwIfAborted();
    const tokens = prefixes.reduce((sum, prefix) => sum + Math.max(atLeast, this.#cache.add(prefix)), 0);
    if (tokens > 0) call.meter.record(call.purpose, tokens, 1);
  }

  #branch(continuation: Continuation): Branch {
    return { continuation, prefix: [...continuation.prefix], drawn: [], text: this.#formats.begin(continuation), isReadAlong: false };
  }

  #draw(branch: Branch): SampledToken {
    const { continuation, prefix, drawn, text } = branch;
    const candidates = this.#candidatesAfter(prefix, text).slice(0, continuation.sampling.topK);
    const sampled = drawToken(candidates, prefix.length, continuation.sampling);
    branch.text = text?.after(sampled.token);
    prefix.push(sampled.token);
    drawn.push(sampled);
    return sampled;
  }

  #candidatesAfter(prefix: Prefix, text: FormattedText | undefined): TokenCandidate[] {
    const weights = this.#weightsAfter(prefix);
    return (
      [...(text === undefined ? weights : this.#allowed(weights, text))]
        .filter(([, weight]) => weight !== 0)
        .map(([token, weight]) => ({ token, logit: Math.log(weight) }))
        // What is no number comes first, so that nothing that is cut off hides it.
        .toSorted(
          (left, right) =>
            Number(Number.isNaN(right.logit)) - Number(Number.isNaN(left.logit)) || right.logit - left.logit || left.token - right.token,
        )
    );
  }

  /** What the script says nothing of is impossible. */
  #distributionAfter(prefix: Prefix): Float32Array {
    const weights = this.#weightsAfter(prefix);
    const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
    if (!Number.isFinite(total)) throw new EngineError("decode-failed", `Expected numbers as weights, got \`${total}\``);
    return Float32Array.from({ length: this.facts.vocabularySize }, (_, token) => Math.log((weights.get(token) ?? 0) / total));
  }

  /** The script's own words where the format allows them; all else that it allows is possible, but just so. */
  #allowed(weights: ReadonlyMap<Token, number>, text: FormattedText): Map<Token, number> {
    const allowed = text.allowed(this.facts.vocabularySize) ?? [];
    return new Map(allowed.map((token) => [token, weights.get(token) || JUST_POSSIBLE]));
  }

  /** The script speaks of whole characters; while one is half written, only its remaining bytes can follow. */
  #weightsAfter(prefix: Prefix): ReadonlyMap<Token, number> {
    const { text, rest } = this.#vocabulary.split(prefix);
    const weights = new Map<Token, number>();
    for (const [piece, weight] of Object.entries(this.#script.next(text))) {
      const tokens = piece === END ? [END_TOKEN] : this.tokenize(piece);
      const next = tokens[rest.length];
      if (next !== undefined && rest.every((token, index) => token === tokens[index])) weights.set(next, (weights.get(next) ?? 0) + weight);
    }
    return weights;
  }
}

/** One continuation and what it has drawn. */
interface Branch {
  readonly continuation: Continuation;
  readonly prefix: Token[];
  readonly drawn: SampledToken[];
  text: FormattedText | undefined;
  /** Whether somebody has read behind its last token while it was paused: then it has not to be computed any more. */
  isReadAlong: boolean;
}

function isSame(left: Prefix, right: Prefix): boolean {
  return left.length === right.length && left.every((token, index) => token === right[index]);
}

function isDone({ continuation: { maxTokens, until }, drawn }: Branch): boolean {
  const tokens = drawn.map(({ token }) => token);
  const last = tokens.at(-1);
  return last !== undefined && (last === END_TOKEN || tokens.length >= maxTokens || (until?.(tokens) ?? false));
}
