import type { Result } from "../run/results.ts";
import type { About } from "./about.ts";
import { caveatsOf } from "./caveats.ts";
import { type Cell, cellsOf } from "./cells.ts";
import { type Spending, spendingsOf } from "./spendings.ts";

/** All that reports say. */
export interface Summary {
  readonly about: About;
  /** What a reader must know before any number. */
  readonly caveats: readonly string[];
  readonly cells: readonly Cell[];
  readonly spendings: readonly Spending[];
}

export function summaryOf(about: About, results: readonly Result[]): Summary {
  const cells = cellsOf(results);
  return { about, caveats: caveatsOf(about, cells), cells, spendings: spendingsOf(results) };
}
