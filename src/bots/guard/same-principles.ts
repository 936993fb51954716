import type { Principle } from "../../core/index.ts";

/** Principles that are remembered: each holds a judge with a preamble. */
const MOST = 500;

/** Principles come as data, often from another process, and judges are kept by principle: equal ones are made one. */
export class SamePrinciples {
  readonly #known = new Map<string, Principle>();

  same(principle: Principle): Principle {
    const key = JSON.stringify(principle);
    const known = this.#known.get(key) ?? principle;
    // The one that was used last stands last.
    this.#known.delete(key);
    this.#known.set(key, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST && oldest !== undefined) this.#known.delete(oldest);
    return known;
  }
}
