/** The platform's time. Unless it is given a clock that runs, it stands still: nothing dies because a machine is slow. */
export class PlatformClock {
  readonly #base: () => number;
  #advancedMs = 0;

  constructor(base: (() => number) | undefined) {
    const startMs = Date.now();
    this.#base = base ?? (() => startMs);
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#base() + this.#advancedMs;
  }

  advance(ms: number): void {
    this.#advancedMs += ms;
  }
}
