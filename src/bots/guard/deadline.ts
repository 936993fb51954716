import { InferenceError } from "./inference-error.ts";

/** A signal that is aborted with somebody else's, or when time is up. */
export class Deadline implements Disposable {
  readonly #own = new AbortController();
  readonly signal: AbortSignal;
  #timer: NodeJS.Timeout | undefined;

  constructor(other?: AbortSignal) {
    this.signal = other === undefined ? this.#own.signal : AbortSignal.any([other, this.#own.signal]);
  }

  /** Time begins to run, or begins anew. */
  begin(timeoutMs: number): void {
    clearTimeout(this.#timer);
    const late = () => this.#own.abort(new InferenceError("late", `Expected an end within ${timeoutMs} ms, got none`));
    this.#timer = setTimeout(late, timeoutMs);
  }

  /** It takes as long as it takes, until time begins to run again. */
  end(): void {
    clearTimeout(this.#timer);
  }

  [Symbol.dispose](): void {
    this.end();
  }
}
