import type { Call, Engine, NextTokenQuery, NextTokens, Passage, Prefix, Token, Tokenizer } from "../../src/core/engine.ts";
import { ContextFullError, EngineError } from "../../src/core/errors.ts";
import { BEGIN, ByteVocabulary, byteTokenizer, END_TOKEN } from "./byte-vocabulary.ts";

/** What it has never seen is unlikely, but possible. */
const UNSEEN = 0.01;

/** A language model in one table: how often each token followed each other one in a text. All that an engine has to be is here. */
export class BigramEngine implements Engine {
  readonly facts;
  readonly tokenizer: Tokenizer;
  readonly #counts = new Map<Token, Map<Token, number>>();
  #isDisposed = false;

  constructor(text: string) {
    const vocabulary = new ByteVocabulary(text.match(/ ?\w+/g)?.filter((word, index, words) => words.indexOf(word) === index) ?? []);
    this.facts = { model: "bigrams", contextSize: 2048, vocabularySize: vocabulary.size, hasChatTemplate: false };
    this.tokenizer = byteTokenizer(vocabulary);
    const tokens = text.split("\n").flatMap((line) => [...this.tokenizer.tokenize(`${line}\n`), END_TOKEN]);
    for (const [index, token] of tokens.slice(1).entries()) {
      const after = this.#counts.get(tokens[index] as Token) ?? new Map<Token, number>();
      this.#counts.set(tokens[index] as Token, after.set(token, (after.get(token) ?? 0) + 1));
    }
  }

  async next(queries: readonly NextTokenQuery[], call: Call): Promise<NextTokens[]> {
    await this.#read(Math.max(0, ...queries.map(({ prefix }) => prefix.length)), call);
    call.meter.record(call.purpose, queries.length, 1);
    return queries.map(({ prefix, topK = 0, tokens = [] }) => {
      const logits = this.#logitsBehind(prefix);
      const likeliest = [...logits].map((logit, token) => ({ token, logit })).sort((left, right) => right.logit - left.logit);
      return { likeliest: likeliest.slice(0, topK), logits: tokens.map((token) => logits[token] as number) };
    });
  }

  /** A table has nothing to keep. */
  hold = (): Disposable => ({ [Symbol.dispose]: () => undefined });

  async distributions({ prefix, tokens, isAfresh = false }: Passage, call: Call): Promise<Float32Array[]> {
    const length = prefix.length + tokens.length - 1;
    await this.#read(length, call);
    call.meter.record(call.purpose, isAfresh ? length : tokens.length, 1);
    return tokens.map((_, place) => {
      const logits = this.#logitsBehind([...prefix, ...tokens.slice(0, place)]);
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
      return logits.map((logit) => logit - Math.log(total));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
  }

  async #read(length: number, { signal }: Call): Promise<void> {
    if (this.#isDisposed) throw new EngineError("disposed", "Expected an engine in use, got a disposed one");
    signal?.throwIfAborted();
    if (length > this.facts.contextSize) throw new ContextFullError(length, this.facts.contextSize);
    await Promise.resolve();
    signal?.throwIfAborted();
  }

  #logitsBehind(prefix: Prefix): Float32Array {
    const after = this.#counts.get(prefix.at(-1) as Token);
    return Float32Array.from({ length: this.facts.vocabularySize }, (_, token) =>
      Math.log(token === BEGIN ? 0 : (after?.get(token) ?? UNSEEN)),
    );
  }
}
