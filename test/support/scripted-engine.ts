import type { Call, Continuation, Engine, EngineFacts, Prefix, Question, SampledToken, Token, Turn } from "../../src/core/engine/engine.ts";
import { ContextFullError, EngineError } from "../../src/core/errors.ts";
import { plainConversation } from "../../src/core/prompts/chat-turn.ts";
import { type Candidate, drawToken, withProbabilities } from "../../src/core/sampler.ts";
import { BEGIN, ByteVocabulary, END_TOKEN } from "./byte-vocabulary.ts";
import { PrefixCache } from "./prefix-cache.ts";

/** The key under which a script says how likely the end is. */
export const END = "<end>";

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
  #isDisposed = false;

  constructor(script: Script) {
    this.#script = script;
    this.#vocabulary = new ByteVocabulary(script.pieces);
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
    const tokens: Token[] = [];
    while (!this.#isDone(tokens, continuation)) {
      await this.#decode([[...continuation.prefix, ...tokens]], call);
      const drawn = this.#draw(continuation, tokens);
      tokens.push(drawn.token);
      yield drawn;
    }
  }

  async sampleMany(continuations: readonly Continuation[], call: Call): Promise<SampledToken[][]> {
    const branches = continuations.map((continuation) => ({ continuation, drawn: [] as SampledToken[], tokens: [] as Token[] }));
    let open = branches;
    while (open.length > 0) {
      await this.#decode(
        open.map(({ continuation, tokens }) => [...continuation.prefix, ...tokens]),
        call,
      );
      for (const { continuation, drawn, tokens } of open) {
        const next = this.#draw(continuation, tokens);
        drawn.push(next);
        tokens.push(next.token);
      }
      open = open.filter(({ continuation, tokens }) => !this.#isDone(tokens, continuation));
    }
    return branches.map(({ drawn }) => drawn);
  }

  async likeliest(prefix: Prefix, count: number, call: Call): Promise<SampledToken[]> {
    await this.#decode([prefix], call);
    return withProbabilities(this.#candidatesAfter(prefix).slice(0, count), prefix.length);
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

  #isDone(tokens: readonly Token[], { maxTokens, until }: Continuation): boolean {
    const last = tokens.at(-1);
    return last !== undefined && (last === END_TOKEN || tokens.length >= maxTokens || (until?.(tokens) ?? false));
  }

  #draw({ prefix, sampling }: Continuation, tokens: readonly Token[]): SampledToken {
    const candidates = this.#candidatesAfter([...prefix, ...tokens]).slice(0, sampling.topK);
    return drawToken(candidates, prefix.length + tokens.length, sampling);
  }

  #candidatesAfter(prefix: Prefix): Candidate[] {
    return (
      [...this.#weightsAfter(prefix)]
        .filter(([, weight]) => weight !== 0)
        .map(([token, weight]) => ({ token, logit: Math.log(weight) }))
        // What is no number comes first, so that nothing that is cut off hides it.
        .toSorted(
          (left, right) =>
            Number(Number.isNaN(right.logit)) - Number(Number.isNaN(left.logit)) || right.logit - left.logit || left.token - right.token,
        )
    );
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
