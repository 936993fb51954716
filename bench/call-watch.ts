import type { Call, Engine, NextTokenQuery, NextTokens } from "rain-align";
import { PassOn } from "./pass-on.ts";

/** Tells of every call that computes just before it is made, to whoever watches the call's signal: a request is known by its signal. */
export class CallWatch extends PassOn {
  readonly #watchers: WeakMap<AbortSignal, () => void>;

  constructor(engine: Engine, watchers: WeakMap<AbortSignal, () => void>) {
    super(engine);
    this.#watchers = watchers;
  }

  override async next(queries: readonly NextTokenQuery[], call: Call): Promise<NextTokens[]> {
    if (call.signal !== undefined) this.#watchers.get(call.signal)?.();
    return await this.engine.next(queries, call);
  }
}
