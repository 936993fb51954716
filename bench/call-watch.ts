import type { Call, Continuation, Engine, Prefix, Question, SampledToken } from "rain-align";
import { PassOn } from "./pass-on.ts";

/**
 * Tells of every call that computes just before it is made (of `generate`, before each token), to whoever watches the call's
 * signal: a request is known by its signal.
 */
export class CallWatch extends PassOn {
  readonly #watchers: WeakMap<AbortSignal, () => void>;

  constructor(engine: Engine, watchers: WeakMap<AbortSignal, () => void>) {
    super(engine);
    this.#watchers = watchers;
  }

  override async prime(prefixes: readonly Prefix[], call: Call, options?: { readonly keep?: boolean }): Promise<void> {
    this.#tell(call);
    await this.engine.prime(prefixes, call, options);
  }

  override async *generate(continuation: Continuation, call: Call): AsyncGenerator<SampledToken, void, void> {
    this.#tell(call);
    for await (const sampled of this.engine.generate(continuation, call)) {
      yield sampled;
      this.#tell(call);
    }
  }

  override async sampleMany(continuations: readonly Continuation[], call: Call): Promise<SampledToken[][]> {
    this.#tell(call);
    return await this.engine.sampleMany(continuations, call);
  }

  override async compare(questions: readonly Question[], call: Call): Promise<number[][]> {
    this.#tell(call);
    return await this.engine.compare(questions, call);
  }

  #tell({ signal }: Call): void {
    if (signal !== undefined) this.#watchers.get(signal)?.();
  }
}
