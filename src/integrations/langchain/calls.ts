/** The calls that a model is busy with, so that all of them can be ended. */
export class Calls {
  readonly #running = new Set<AbortController>();
  readonly #life = new AbortController();

  /** A signal for one call: aborted with `signal`, or when all are ended. `[Symbol.dispose]` lets go of both. */
  begin(signal: AbortSignal | undefined): { readonly signal: AbortSignal } & Disposable {
    const controller = new AbortController();
    const abort = () => controller.abort(signal?.reason);
    if (this.life.aborted) controller.abort(this.life.reason);
    else if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
    this.#running.add(controller);
    return {
      signal: controller.signal,
      [Symbol.dispose]: () => {
        signal?.removeEventListener("abort", abort);
        this.#running.delete(controller);
      },
    };
  }

  /** Aborted when all are ended, for what goes on between calls. */
  get life(): AbortSignal {
    return this.#life.signal;
  }

  /** Ends all calls, those that begin later included. */
  end(reason: Error): void {
    this.#life.abort(reason);
    for (const controller of this.#running) controller.abort(this.life.reason);
  }
}
