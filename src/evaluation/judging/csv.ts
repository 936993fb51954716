import { stringify } from "csv-stringify/sync";
import type { IntervalEstimate, JudgeScores } from "./scores.ts";
import type { JudgingSummary } from "./summary.ts";

/** One line for each judge of each model. Numbers are numbers: shares from 0 to 1. */
export function judgingCsv(summaries: readonly JudgingSummary[]): string {
  const rows = summaries.flatMap(({ model, principle, data, fittedOn, judges }) =>
    judges.map((judge) => ({ model, principle, data, fitted_on: fittedOn, ...columnsOf(judge) })),
  );
  return stringify(rows, { header: true, escape_formulas: true, cast: { boolean: String } });
}

function columnsOf(judge: JudgeScores): object {
  return {
    judge: judge.name,
    chosen: judge.chosen,
    n: judge.n,
    ...figure("auroc", judge.auroc),
    auroc_of_beginnings: judge.aurocOfBeginnings,
    ...figure("pr_auc", judge.prAuc),
    ...figure("f1", judge.f1),
    ...figure("balanced_accuracy", judge.balancedAccuracy),
    ...figure("ece", judge.ece),
    ...figure("caught", judge.caught),
    tokens_per_verdict: judge.tokensPerVerdict,
    ms: judge.milliseconds,
  };
}

function figure(name: string, { value, low, high }: IntervalEstimate): object {
  return { [name]: value, [`${name}_low`]: low, [`${name}_high`]: high };
}
