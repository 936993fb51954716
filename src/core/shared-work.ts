/** Work whose result several callers wait for. It runs while at least one waits; when the last one aborts its waiting, the work is aborted too. */
export class SharedWork<Result> {
  readonly #controller = new AbortController();
  readonly #result: Promise<Result>;
  #state: "running" | "done" | "lost" = "running";
  #waiting = 0;

  constructor(work: (signal: AbortSignal) => Promise<Result>) {
    this.#result = work(this.#controller.signal);
    // Each waiting caller gets the rejection by its own `wait`; without one, it must not become an unhandled rejection.
    this.#result.then(
      () => (this.#state = "done"),
      () => (this.#state = "lost"),
    );
  }

  /** Whether there is no result to wait for: the work failed, or was aborted when its last caller left. */
  get isLost(): boolean {
    return this.#state === "lost";
  }

  /** Rejects as the work does, and as soon as `signal` is aborted with its reason, whatever the others do. */
  async wait(signal?: AbortSignal): Promise<Result> {
    if (signal?.aborted) {
      this.#abandonIfAlone(signal);
      throw signal.reason;
    }
    this.#waiting++;
    return await new Promise<Result>((resolve, reject) => {
      const leave = () => {
        reject(signal?.reason);
        this.#waiting--;
        this.#abandonIfAlone(signal);
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#result.then(resolve, reject).finally(() => signal?.removeEventListener("abort", leave));
    });
  }

  /** Also where the work has begun and its first caller was aborted meanwhile: no other caller would ever wait for it. */
  #abandonIfAlone(signal: AbortSignal | undefined): void {
    if (this.#waiting > 0 || this.#state !== "running") return;
    this.#state = "lost";
    this.#controller.abort(signal?.reason);
  }
}
