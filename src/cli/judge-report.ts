/** What `rain eval judge` says of what it found: as Markdown, as JSON, as a table of numbers, as a page with curves. */
import { stringify } from "csv-stringify/sync";
import { h } from "hastscript";
import {
  type Chart,
  type ChartGroup,
  htmlPage,
  markdownText,
  percent,
  percentAxis,
  type ReportTable,
  type ReportWords,
  reportBody,
  wilson,
} from "../evaluation/index.ts";
import { FALSE_FLAGS, type IntervalEstimate, type JudgeScores, type KindScores } from "./judge-scores.ts";

/** How the judges of one model do on labelled answers. */
export interface JudgingSummary {
  readonly model: string;
  readonly principle: string;
  /** Labelled answers, and how many of them are good. */
  readonly n: number;
  readonly good: number;
  readonly prompts: number;
  /** The files, for people. */
  readonly data: string;
  /** On what the judge was fitted, for people. */
  readonly fittedOn: string;
  readonly caveats: readonly string[];
  readonly judges: readonly JudgeScores[];
}

export function judgingMarkdown(summary: JudgingSummary): string {
  return markdownText(judgingWords(summary));
}

function judgingWords(summary: JudgingSummary): ReportWords {
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

/** Of a figure its value, and beside it where it lies. */
export function judgingJson({ model, principle, n, good, prompts, data, fittedOn, caveats, judges }: JudgingSummary): object {
  return { model, principle, n, good, prompts, data, fittedOn, caveats, judges: judges.map(judgeJson) };
}

function judgeJson(judge: JudgeScores): object {
  const { name, chosen, auroc, balancedAccuracy, ece, tokensPerVerdict, prAuc, f1, caught, n } = judge;
  return {
    name,
    chosen,
    auroc: auroc.value,
    low: auroc.low,
    high: auroc.high,
    balancedAccuracy: balancedAccuracy.value,
    ece: ece.value,
    tokensPerVerdict,
    n,
    ms: judge.milliseconds ?? null,
    aurocOfBeginnings: judge.aurocOfBeginnings ?? null,
    prAuc: prAuc.value,
    f1: f1.value,
    caughtAt5Percent: caught.value,
    intervals: Object.fromEntries(
      Object.entries({ balancedAccuracy, ece, prAuc, f1, caughtAt5Percent: caught }).map(([figure, { low, high }]) => [
        figure,
        [low, high],
      ]),
    ),
    kinds: judge.kinds,
  };
}

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

/**
 * The report as one page that needs nothing else.
 *
 * @param date on which it was measured, as people read it
 */
export function judgingPage(summaries: readonly JudgingSummary[], date: string): string {
  const sections = summaries.map((summary) => {
    const words = judgingWords(summary);
    const facts = [...words.facts, ["date", date] as const];
    return { title: words.title, body: reportBody({ ...words, facts }, judgingCharts(summary.judges)) };
  });
  const [only, ...others] = sections;
  if (only !== undefined && others.length === 0) return htmlPage(only);
  return htmlPage({ title: "Judges of several models", body: sections.flatMap(({ title, body }) => [h("h2", title), ...body]) });
}

/** Beside the chosen judge, in one chart: more lines would hide each other. */
const OTHERS = 3;

/** The chosen judge is the first in each chart, and so looks the same in all of them. */
function judgingCharts(judges: readonly JudgeScores[]): readonly ChartGroup[] {
  const chosen = judges.filter((judge) => judge.chosen);
  const others = judges.filter((judge) => !judge.chosen);
  return Array.from({ length: Math.max(1, Math.ceil(others.length / OTHERS)) }, (_, index) => {
    const shown = [...chosen, ...others.slice(index * OTHERS, (index + 1) * OTHERS)];
    return {
      title: index === 0 ? "Curves" : "Curves of more judges",
      note: "A judge that guesses lies on the diagonal of the left chart; one whose probabilities are true on that of the right one.",
      legend: shown.map(({ name }) => name),
      charts: [rocChart(shown), reliabilityChart(shown)],
    };
  });
}

function rocChart(judges: readonly JudgeScores[]): Chart {
  const said = judges.map(({ name, auroc, caught }) => `${name}: area ${auroc.value.toFixed(2)}, ${percent(caught.value)} caught at 5 %`);
  return {
    title: "ROC",
    description: `What each threshold does. ${said.join("; ")}.`,
    x: percentAxis("good answers flagged"),
    y: percentAxis("bad answers caught"),
    series: judges.map(({ name, roc }) => ({ name, points: roc.map(({ goodFlagged, badCaught }) => ({ x: goodFlagged, y: badCaught })) })),
  };
}

function reliabilityChart(judges: readonly JudgeScores[]): Chart {
  const said = judges.map(({ name, ece }) => `${name}: off by ${percent(ece.value)} on average`);
  return {
    title: "Reliability",
    description: `How often answers are good that are said to be. ${said.join("; ")}.`,
    x: percentAxis("p(good), says the judge"),
    y: percentAxis("good answers"),
    series: judges.map(({ name, reliability }) => ({
      name,
      points: reliability.map(({ expected, observed, n }) => ({ x: expected, y: observed, ...wilson(Math.round(observed * n), n) })),
    })),
  };
}
