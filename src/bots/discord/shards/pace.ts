/** Lets those who come go one after the other, so far apart from each other. */
export class Pace {
  readonly #betweenMs: number;
  readonly #signal: AbortSignal;
  #line: Promise<void> = Promise.resolve();

  /** @param signal aborted: nobody has to wait any more */
  constructor(betweenMs: number, signal: AbortSignal) {
    this.#betweenMs = betweenMs;
    this.#signal = signal;
  }

  /** Resolves when it is one's turn. */
  turn(): Promise<void> {
    const turn = this.#line;
    this.#line = turn.then(() => pause(this.#betweenMs, this.#signal));
    return turn;
  }
}

/** Resolves after a while, or when the signal is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms === 0 || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
