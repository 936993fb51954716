/** What `rain calibrate` says of what it found. */
import { DEFAULTS, type Fitness, isFit, type Principle, UNFIT_BELOW } from "../core/index.ts";
import {
  type Calibrated,
  type Candidate,
  type LabelledAnswer,
  type MeasuredJudge,
  promptKey,
  thresholdsFor,
  type UnjudgedAnswers,
} from "../judges/index.ts";
import { figureOf, unfitLine } from "./found-judge.ts";
import { type Counts, countsOf } from "./labelled-data.ts";
import { paint } from "./terminal.ts";

/** What the default share of false flags comes to. */
export interface Flagged {
  readonly falseFlags: number;
  readonly good: number;
  readonly bad: number;
}

export function flaggedOf({ fitted }: Calibrated, { whole, lowest = [] }: MeasuredJudge): Flagged {
  const falseFlags = DEFAULTS.falseFlags as number;
  const thresholds = thresholdsFor(fitted, { falseFlags, threshold: DEFAULTS.threshold });
  const isFlagged = whole.map(({ value }, index) => value < thresholds.whole || (lowest[index] ?? 1) < thresholds.beginning);
  const count = (isGood: boolean) => whole.filter(({ good }, index) => good === isGood && isFlagged[index] === true).length;
  return { falseFlags, good: count(true), bad: count(false) };
}

/** All that is told. */
export interface CalibrationTable {
  readonly model: string;
  readonly principle: Principle;
  /** The answers that figures are of. */
  readonly measured: readonly LabelledAnswer[];
  /** How many answers were learned from, these included. */
  readonly learned: number;
  /** Where they came from. */
  readonly source: string;
  readonly judges: readonly JudgeTableRow[];
  readonly leftOut: readonly UnjudgedAnswers[];
  readonly calibrated: Calibrated;
  readonly flagged: Flagged;
  /** Where the judge is kept. */
  readonly path: string;
}

export function calibrationJson({
  model,
  principle,
  measured,
  learned,
  source,
  judges,
  leftOut,
  calibrated,
  flagged,
  path,
}: CalibrationTable): object {
  const { why, fitted, questionTokensPerToken } = calibrated;
  return {
    model,
    principle: principle.name,
    ...countsOf(measured),
    prompts: promptsIn(measured),
    learned,
    source,
    judges: judges.map(judgeJson),
    leftOut,
    why,
    fitness: { ...fitted.fitness, isFit: isFit(fitted) },
    falseFlags: { share: flagged.falseFlags, goodFlagged: flagged.good, badCaught: flagged.bad },
    questionTokensPerToken,
    file: path,
  };
}

export function calibrationText({
  model,
  principle,
  measured,
  learned,
  source,
  judges,
  leftOut,
  calibrated,
  flagged,
  path,
}: CalibrationTable): string {
  const counts = countsOf(measured);
  const { n, good, bad } = counts;
  const more = learned > n ? `; learned with ${learned - n} more, of the principle's own, a fifth as much each` : "";
  return [
    `How ${model} judges by "${principle.name}", on ${n} labelled answers (${good} good, ${bad} bad) to ${promptsIn(measured)} prompts, of ${source}${more}:`,
    "",
    judgeTable(judges),
    "",
    ...leftOut.map(({ name, reason }) => `Left out: ${name}: ${reason}`),
    TABLE_NOTE,
    "",
    calibrated.why,
    verdict(calibrated.fitted.fitness, model),
    flagsInWords(flagged, counts),
    `Kept in ${path}`,
  ].join("\n");
}

function verdict(fitness: Fitness, model: string): string {
  const fit = `Fit: ${figureOf(fitness)} on ${fitness.n} labelled answers that it was not fitted on. It judges what this model writes from now on.`;
  const unsure =
    fitness.low < UNFIT_BELOW
      ? ` That may be luck, as the interval begins below ${UNFIT_BELOW.toFixed(2)}: more labelled answers will tell.`
      : "";
  return unfitLine(fitness, model) ?? `${fit}${unsure}`;
}

function flagsInWords({ falseFlags, good, bad }: Flagged, counts: Counts): string {
  return `At the default \`--false-flags ${Math.round(100 * falseFlags)}%\` it flags ${good} of ${counts.good} good answers and catches ${bad} of ${counts.bad} bad ones, all checks of an answer together.`;
}

function promptsIn(answers: readonly LabelledAnswer[]): number {
  return new Set(answers.map(promptKey)).size;
}

/** A judge, as tables and `--json` tell of it. */
interface JudgeTableRow extends Candidate {
  /** Answers that it was measured on. */
  readonly n: number;
}

const HEAD = ["", "judge", "n", "AUROC", "beginnings", "balanced", "ECE", "tokens", "ms"] as const;

/** One line a judge; the one that is chosen is marked. */
function judgeTable(judges: readonly JudgeTableRow[]): string {
  const rows = judges.map((judge) => [
    judge.chosen ? "*" : "",
    judge.name,
    String(judge.n),
    `${judge.auroc.toFixed(2)} (${judge.low.toFixed(2)}-${judge.high.toFixed(2)})`,
    judge.aurocOfBeginnings?.toFixed(2) ?? "-",
    `${Math.round(100 * judge.balancedAccuracy)} %`,
    judge.ece.toFixed(2),
    judge.tokensPerVerdict.toFixed(judge.tokensPerVerdict < 10 ? 1 : 0),
    judge.milliseconds?.toFixed(judge.milliseconds < 10 ? 1 : 0) ?? "-",
  ]);
  const widths = HEAD.map((head, column) => Math.max(head.length, ...rows.map((row) => (row[column] as string).length)));
  const lines = [HEAD, ...rows].map((row) =>
    row
      .map((cell, column) => padded(cell, column, widths[column] as number))
      .join("  ")
      .trimEnd(),
  );
  return lines.map((line, index) => (judges[index - 1]?.chosen ? paint(process.stdout, line, "bold") : line)).join("\n");
}

/** What the columns mean. */
const TABLE_NOTE =
  "AUROC: how likely a good answer has the higher value of a good and a bad one, 0.50 is guessing (with its 95 % interval over prompts); beginnings: the same of beginnings of 16 tokens; balanced: right at the best threshold, mean of good and bad; ECE: how far p(good) is from the share of good ones; tokens, ms: of a verdict, beside reading the answer.";

/** Names to the left, numbers to the right. */
function padded(cell: string, column: number, width: number): string {
  return column < 2 ? cell.padEnd(width) : cell.padStart(width);
}

/** As `--json` tells of it: what was not measured is `null`. */
function judgeJson(judge: JudgeTableRow): object {
  const {
    name,
    chosen,
    auroc,
    low,
    high,
    balancedAccuracy,
    ece,
    tokensPerVerdict,
    aurocOfBeginnings = null,
    milliseconds: ms = null,
    n,
  } = judge;
  return { name, chosen, auroc, low, high, balancedAccuracy, ece, tokensPerVerdict, aurocOfBeginnings, ms, n };
}
