const KEPT = 60;

/** What a test waits for may happen elsewhere, such as in the bot's own data. */
const LOOK_AGAIN_MS = 20;

type Held<Value> = Exclude<Value, false | undefined>;

/** What happens on the server, in words; and those who wait for something to be true once it has happened. */
export class Happenings {
  readonly #recent: string[] = [];
  readonly #waiting = new Map<() => void, (error: Error) => void>();
  readonly #limitMs: number;
  #count = 0;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** How much has happened so far. */
  get count(): number {
    return this.#count;
  }

  tell(what: string): void {
    this.#count++;
    this.#recent.push(what);
    if (this.#recent.length > KEPT) this.#recent.shift();
    for (const check of [...this.#waiting.keys()]) check();
  }

  /**
   * The first value of `condition` that is neither `false` nor `undefined`. It is asked at once, whenever something
   * happened here, and every now and then.
   *
   * @throws what `condition` throws; and, after the time limit, an error that lists what did happen
   */
  until<Value>(condition: () => Value, expected: string): Promise<Held<Value>> {
    const waiting = new Promise<Held<Value>>((resolve, reject) => {
      const timer = setTimeout(() => settle(() => reject(this.#tooLate(expected))), this.#limitMs);
      const lookout = setInterval(() => check(), LOOK_AGAIN_MS);
      const settle = (settleNow: () => void) => {
        clearTimeout(timer);
        clearInterval(lookout);
        this.#waiting.delete(check);
        settleNow();
      };
      const check = () => {
        try {
          const value = condition();
          if (value !== false && value !== undefined) settle(() => resolve(value as Held<Value>));
        } catch (error) {
          settle(() => reject(error));
        }
      };
      this.#waiting.set(check, (error) => settle(() => reject(error)));
      check();
    });
    // A test that has failed elsewhere waits no longer, and what it waited for is no second error.
    waiting.catch(() => undefined);
    return waiting;
  }

  /** Whoever still waits, waits in vain. */
  end(): void {
    for (const giveUp of [...this.#waiting.values()]) giveUp(new Error("The platform was closed while a test still waited for something"));
  }

  #tooLate(expected: string): Error {
    const seconds = this.#limitMs / 1000;
    const happened = this.#recent.map((what) => `  ${what}`).join("\n");
    return new Error(`Expected ${expected} within ${seconds} s. What happened, the latest last:\n${happened || "  nothing"}`);
  }
}
