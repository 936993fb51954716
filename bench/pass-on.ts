import type {
  Call,
  Continuation,
  Engine,
  Lookahead,
  NextTokenQuery,
  OutputFormat,
  Passage,
  Prefix,
  Question,
  SampledToken,
  Token,
  Turn,
} from "rain-align";

/** Passes everything on. What a benchmark counts or changes is put over it. */
export class PassOn implements Engine {
  protected readonly engine: Engine;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  get facts(): Engine["facts"] {
    return this.engine.facts;
  }

  render(turns: readonly Turn[]): Token[] {
    return this.engine.render(turns);
  }

  renderText(text: string): Token[] {
    return this.engine.renderText(text);
  }

  tokenize(text: string): Token[] {
    return this.engine.tokenize(text);
  }

  detokenize(tokens: readonly Token[], after?: Prefix): string {
    return this.engine.detokenize(tokens, after);
  }

  nameOf(token: Token): string {
    return this.engine.nameOf(token);
  }

  isEnd(token: Token): boolean {
    return this.engine.isEnd(token);
  }

  prime(prefixes: readonly Prefix[], call: Call, options?: { readonly keep?: boolean }): Promise<void> {
    return this.engine.prime(prefixes, call, options);
  }

  generate(continuation: Continuation, call: Call): AsyncGenerator<SampledToken, void, void> {
    return this.engine.generate(continuation, call);
  }

  sampleMany(continuations: readonly Continuation[], call: Call): Promise<SampledToken[][]> {
    return this.engine.sampleMany(continuations, call);
  }

  likeliest(lookahead: Lookahead, call: Call): Promise<SampledToken[]> {
    return this.engine.likeliest(lookahead, call);
  }

  checkFormat(format: OutputFormat): void {
    this.engine.checkFormat(format);
  }

  get findJudge(): Engine["findJudge"] {
    return this.engine.findJudge;
  }

  next(queries: readonly NextTokenQuery[], call: Call): Promise<number[][]> {
    return this.engine.next(queries, call);
  }

  compare(questions: readonly Question[], call: Call): Promise<number[][]> {
    return this.engine.compare(questions, call);
  }

  distributions(passage: Passage, call: Call): Promise<Float32Array[]> {
    return this.engine.distributions(passage, call);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.engine[Symbol.asyncDispose]());
  }
}
