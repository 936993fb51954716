/** Work whose result several wait for. It goes on while anybody waits; when the last one aborts the waiting, it is aborted too. */
export class SharedWork<Result> {
  readonly #controller = new AbortController();
  readonly #result: Promise<Result>;
  #state: "running" | "done" | "lost" = "running";
  #waiting = 0;

  constructor(work: (signal: AbortSignal) => Promise<Result>) {
    this.#result = work(this.#controller.signal);
    // Who waits hears of a failure by itself; where everybody has left, nobody is there to miss it.
    this.#result.then(
      () => (this.#state = "done"),
      () => (this.#state = "lost"),
    );
  }

  /** Whether there is no result to wait for: the work failed, or everybody left before its end. */
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

  /** Also where the work has begun and its first caller was aborted meanwhile: nobody would ever wait for it. */
  #abandonIfAlone(signal: AbortSignal | undefined): void {
    if (this.#waiting > 0 || this.#state !== "running") return;
    this.#state = "lost";
    this.#controller.abort(signal?.reason);
  }
}
