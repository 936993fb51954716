import { stringify } from "csv-stringify/sync";
import type { Summary } from "./summary.ts";

/** One line for each measure of each mode, with its cost beside it. Numbers are numbers: shares from 0 to 1. */
export function csvReport({ about, cells, spendings }: Summary): string {
  const rows = cells.map(({ estimate, versus, ...cell }) => {
    const spending = spendings.find(({ model, group, mode }) => model === cell.model && group === cell.group && mode === cell.mode);
    return {
      task: about.task,
      data: about.data,
      judge: about.judge,
      seed: about.seed,
      model: cell.model,
      parameters: about.models.find(({ label }) => label === cell.model)?.parameters,
      group: cell.group,
      measure: cell.measure,
      kind: cell.kind,
      wanted: cell.wanted,
      mode: cell.mode,
      n: cell.n,
      unanswered: cell.unanswered,
      unjudged: cell.unjudged,
      result: estimate?.mean,
      low: estimate?.low,
      high: estimate?.high,
      difference: versus?.difference,
      difference_low: versus?.low,
      difference_high: versus?.high,
      p: versus?.p,
      test: versus?.test,
      fpe: spending?.fpe,
      spe: spending?.spe,
      epe: spending?.epe,
      wall_ratio: spending?.wallRatio,
    };
  });
  return stringify(rows, { header: true, escape_formulas: true });
}
