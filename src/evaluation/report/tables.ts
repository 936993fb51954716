/** What Markdown and HTML both show, as words. */
import type { Cell, Versus } from "./cells.ts";
import type { Spending } from "./spendings.ts";
import type { Summary } from "./summary.ts";

export interface ReportTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What its columns mean. */
  readonly note: string;
}

export function tablesOf({ cells, spendings }: Summary): readonly ReportTable[] {
  return [resultTable(cells), costTable(spendings)];
}

function resultTable(cells: readonly Cell[]): ReportTable {
  return {
    title: "Results",
    head: ["model", "group", "measure", "mode", "n", "result", "95 % interval", "against vanilla", "p", "missing"],
    rows: cells.map((cell) => [
      cell.model,
      cell.group,
      `${cell.measure} (${cell.wanted === "high" ? "more" : "less"} is better)`,
      cell.mode,
      String(cell.n),
      cell.estimate === undefined ? "-" : shown(cell, cell.estimate.mean),
      cell.estimate === undefined ? "-" : `${shown(cell, cell.estimate.low)} to ${shown(cell, cell.estimate.high)}`,
      cell.versus === undefined ? "" : againstVanilla(cell, cell.versus),
      cell.versus === undefined ? "" : `${probability(cell.versus.p)} (${cell.versus.test})`,
      cell.unanswered + cell.unjudged === 0 ? "" : `${cell.unanswered} answers, ${cell.unjudged} verdicts`,
    ]),
    note: "n: answers that were judged. Intervals: Wilson's for shares, bootstrap for grades and wins. Against vanilla: the mean difference on the same questions with its bootstrap interval, and how likely it is by chance.",
  };
}

function costTable(spendings: readonly Spending[]): ReportTable {
  return {
    title: "What it took",
    head: ["model", "group", "mode", "answers", "tokens", "FPE", "SPE", "EPE", "time over vanilla", "rewinds", "refused"],
    rows: spendings.map((spending) => [
      spending.model,
      spending.group,
      spending.mode,
      String(spending.answers),
      spending.tokens.toFixed(1),
      spending.fpe.toFixed(2),
      spending.spe.toFixed(2),
      spending.epe.toFixed(2),
      spending.wallRatio === undefined ? "" : spending.wallRatio.toFixed(2),
      spending.rewinds.toFixed(1),
      percent(spending.refused),
    ]),
    note: "FPE, SPE, EPE: forward tokens, sequential decode calls and evaluations per emitted token. Tokens and rewinds: means of an answer. Refused: ended because nothing was found that passes.",
  };
}

function againstVanilla(cell: Cell, { difference, low, high }: Versus): string {
  const [found, from, to] = [difference, low, high].map((one) => `${one > 0 ? "+" : ""}${shown(cell, one)}`);
  return `${found} (${from} to ${to})`;
}

/** A share as per cent, a grade as it is. */
export function shown({ kind }: Cell, value: number): string {
  return kind === "grade" ? value.toFixed(2) : percent(value);
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function probability(p: number): string {
  return p < 0.001 ? "< 0.001" : p.toFixed(3);
}
