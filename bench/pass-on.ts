import type { Call, Engine, NextTokenQuery, NextTokens, Passage, Prefix } from "rain-align";

/** Passes everything on. What a benchmark counts or changes is put over it. */
export class PassOn implements Engine {
  protected readonly engine: Engine;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  get facts(): Engine["facts"] {
    return this.engine.facts;
  }

  get tokenizer(): Engine["tokenizer"] {
    return this.engine.tokenizer;
  }

  get formats(): Engine["formats"] {
    return this.engine.formats;
  }

  get findJudge(): Engine["findJudge"] {
    return this.engine.findJudge;
  }

  next(queries: readonly NextTokenQuery[], call: Call): Promise<NextTokens[]> {
    return this.engine.next(queries, call);
  }

  hold(prefix: Prefix): Disposable {
    return this.engine.hold(prefix);
  }

  distributions(passage: Passage, call: Call): Promise<Float32Array[]> {
    return this.engine.distributions(passage, call);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.engine[Symbol.asyncDispose]());
  }
}
