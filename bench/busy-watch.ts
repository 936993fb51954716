import type { Call, NextTokenQuery, NextTokens, Passage } from "rain-align";
import { PassOn } from "./pass-on.ts";

/** Knows when the model has computed, so that what stands around it can be timed without it: the model's own time differs from run to run by more. */
export class BusyWatch extends PassOn {
  /** Milliseconds of each time that calls were under way, those that are over. */
  periods: number[] = [];
  #under = 0;
  #since = 0;

  override async next(queries: readonly NextTokenQuery[], call: Call): Promise<NextTokens[]> {
    return await this.#timed(() => this.engine.next(queries, call));
  }

  override async distributions(passage: Passage, call: Call): Promise<Float32Array[]> {
    return await this.#timed(() => this.engine.distributions(passage, call));
  }

  async #timed<T>(compute: () => Promise<T>): Promise<T> {
    if (this.#under++ === 0) this.#since = performance.now();
    try {
      return await compute();
    } finally {
      if (--this.#under === 0) this.periods.push(performance.now() - this.#since);
    }
  }
}
