/** What all forms of the report say. */
import { markdownText, type ReportWords } from "../report/markdown.ts";
import { percent, type ReportTable } from "../report/tables.ts";
import { FALSE_FLAGS, type IntervalEstimate, type JudgeScores, type KindScores } from "./scores.ts";
import type { JudgingSummary } from "./summary.ts";

export function judgingMarkdown(summary: JudgingSummary): string {
  return markdownText(judgingWords(summary));
}

export function judgingWords(summary: JudgingSummary): ReportWords {
  const { model, principle, n, good, prompts, data, fittedOn, caveats, judges } = summary;
  return {
    title: `${model} as a judge by ${principle}`,
    caveats,
    facts: [
      ["data", data],
      ["labelled answers", `${n}, ${good} good and ${n - good} bad, to ${prompts} prompts`],
      ["fitted on", fittedOn],
    ],
    tables: [judgeTable(judges), ...kindTables(judges)],
  };
}

function judgeTable(judges: readonly JudgeScores[]): ReportTable {
  return {
    title: "Judges",
    head: ["judge", "AUROC", "of beginnings", "PR", "F1", "balanced", "ECE", `caught at ${share(FALSE_FLAGS)}`, "tokens", "ms"],
    rows: judges.map((judge) => [
      judge.name,
      decimal(judge.auroc),
      judge.aurocOfBeginnings?.toFixed(2) ?? "-",
      decimal(judge.prAuc),
      decimal(judge.f1),
      shares(judge.balancedAccuracy),
      decimal(judge.ece),
      shares(judge.caught),
      judge.tokensPerVerdict.toFixed(1),
      judge.milliseconds?.toFixed(1) ?? "-",
    ]),
    note: `In brackets 95 % intervals over prompts. AUROC: how likely a good answer has the higher value of a good and a bad one; 0.50 is guessing. Of beginnings: after 16 tokens. PR: average precision of finding bad answers; guessing gets their share. F1 and balanced accuracy: at the threshold that is best for these answers. ECE: how far p(good) is from the share of good answers. Caught: bad answers, at the threshold that flags ${share(FALSE_FLAGS)} of the good ones. Tokens and ms: of a verdict, beside reading the answer.`,
  };
}

/** Of the judge that is chosen, where answers are of several kinds. */
function kindTables(judges: readonly JudgeScores[]): readonly ReportTable[] {
  const chosen = judges.find((judge) => judge.chosen);
  if (chosen === undefined || chosen.kinds.length < 2) return [];
  return [
    {
      title: "By kind of answer",
      head: ["kind", "good", "good ones flagged", "bad", "bad ones caught"],
      rows: chosen.kinds.map((kind) => [
        kind.kind === "" ? "(none)" : kind.kind,
        String(kind.good),
        rateOf(kind, "good"),
        String(kind.bad),
        rateOf(kind, "bad"),
      ]),
      note: `${chosen.name}, at the threshold that flags ${share(FALSE_FLAGS)} of all good answers. In brackets Wilson's 95 % intervals.`,
    },
  ];
}

function rateOf({ goodFlagged, badCaught, ...counts }: KindScores, side: "good" | "bad"): string {
  const { rate, low, high } = side === "good" ? goodFlagged : badCaught;
  return counts[side] === 0 ? "-" : `${percent(rate)} (${percent(low)} to ${percent(high)})`;
}

function decimal({ value, low, high }: IntervalEstimate): string {
  return `${value.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`;
}

function shares({ value, low, high }: IntervalEstimate): string {
  return `${share(value)} (${share(low)}-${share(high)})`;
}

function share(value: number): string {
  return `${Math.round(100 * value)} %`;
}
