import fc from "fast-check";
import { expect } from "vitest";

const RUNS_IN_A_ROUND = 150;
const LEAST_ROUNDS = 2;
const MOST_ROUNDS = 20;

/** Notes in which runs of a property something was so: a law that holds because nothing ever happened says nothing. */
export class Tally {
  readonly #counts = new Map<string, number>();

  count(what: string, isSo: boolean): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + (isSo ? 1 : 0));
  }

  /** What was asked about and was so in no run. */
  get missing(): readonly string[] {
    return [...this.#counts].filter(([, count]) => count === 0).map(([what]) => what);
  }
}

/** Runs a property often, and on until all that its tally asks about was so; if it never is, that is a failure too. */
export async function assertWithAll<Values>(property: fc.IAsyncProperty<Values>, tally: Tally): Promise<void> {
  for (let round = 1; round <= MOST_ROUNDS; round++) {
    await fc.assert(property, { numRuns: RUNS_IN_A_ROUND });
    if (round >= LEAST_ROUNDS && tally.missing.length === 0) break;
  }
  expect(tally.missing).toEqual([]);
}
