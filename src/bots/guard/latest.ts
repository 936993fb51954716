/** What is remembered by name: only so many, those that were asked for or set last. */
export class Latest<Value> {
  readonly #most: number;
  readonly #known = new Map<string, Value>();

  constructor(most: number) {
    this.#most = most;
  }

  get(name: string): Value | undefined {
    const value = this.#known.get(name);
    if (value !== undefined) this.set(name, value);
    return value;
  }

  set(name: string, value: Value): void {
    // The one that was used last stands last.
    this.#known.delete(name);
    this.#known.set(name, value);
    const [oldest] = this.#known.keys();
    if (this.#known.size > this.#most && oldest !== undefined) this.#known.delete(oldest);
  }

  delete(name: string): void {
    this.#known.delete(name);
  }
}
