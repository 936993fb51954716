/** The calls that a model is busy with, so that all of them can be ended. */
export class Calls {
  readonly #running = new Set<AbortController>();
  #reason: Error | undefined;

  /** A signal for one call: aborted with `signal`, or when all are ended. `[Symbol.dispose]` lets go of both. */
  begin(signal: AbortSignal | undefined): { readonly signal: AbortSignal } & Disposable {
    const controller = new AbortController();
    const abort = () => controller.abort(signal?.reason);
    if (this.#reason !== undefined) controller.abort(this.#reason);
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

  /** Ends all calls, those that begin later included. */
  end(reason: Error): void {
    this.#reason ??= reason;
    for (const controller of this.#running) controller.abort(this.#reason);
  }
}
