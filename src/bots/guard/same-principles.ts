import type { Principle } from "../../core/index.ts";
import { Latest } from "./latest.ts";

/** Principles that are remembered: each holds a judge with a preamble. */
const MOST = 500;

/** Principles come as data, often from another process, and judges are kept by principle: equal ones are made one. */
export class SamePrinciples {
  readonly #known = new Latest<Principle>(MOST);

  same(principle: Principle): Principle {
    const key = JSON.stringify(principle);
    const known = this.#known.get(key) ?? principle;
    this.#known.set(key, known);
    return known;
  }
}
