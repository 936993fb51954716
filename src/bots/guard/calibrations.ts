import { InferenceError } from "./inference-error.ts";
import { waited } from "./waited.ts";

/** One that runs or waits. */
interface Calibration {
  readonly stop: AbortController;
  readonly done: Promise<unknown>;
}

/** Teaches one guild's judge after the other, so that beside answers there is never more than one step of it; a guild has one in the line. */
export class Calibrations {
  readonly #ofGuild = new Map<string, Calibration>();
  #line: Promise<unknown> = Promise.resolve();

  /** @throws {InferenceError} `busy`: there is one of this guild already; `away`: the guild has left */
  async run<Result>(guild: string, signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    signal?.throwIfAborted();
    if (this.#ofGuild.has(guild)) throw new InferenceError("busy", "Expected one calibration of a guild at once, got one more");
    const stop = new AbortController();
    const own = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
    const before = this.#line;
    const done = (async () => {
      await waited(before, own);
      return await work(own);
    })();
    // Who left the line early holds nobody up, and nobody comes before their turn.
    this.#line = Promise.allSettled([before, done]);
    this.#ofGuild.set(guild, { stop, done });
    try {
      return await done;
    } finally {
      this.#ofGuild.delete(guild);
    }
  }

  /** Resolves when nothing is being taught to this guild any more. */
  async end(guild: string): Promise<void> {
    const calibration = this.#ofGuild.get(guild);
    calibration?.stop.abort(new InferenceError("away", "Expected a guild, got one that is left"));
    await calibration?.done.catch(() => undefined);
  }
}
