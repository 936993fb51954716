/** What `rain calibrate` says of what it found. */
import { DEFAULTS, type Fitness, isFit, type Principle, UNFIT_BELOW } from "../core/index.ts";
import { type Calibrated, type LabelledAnswer, type LeftOut, type Measured, promptKey, thresholdsFor } from "../judges/index.ts";
import { figureOf, unfitLine } from "./found-judge.ts";
import { judgeJson, judgeTable, type MeasuredJudge, TABLE_NOTE } from "./judge-table.ts";
import { type Counts, countsOf } from "./labelled-data.ts";

/** What the default share of false flags comes to. */
export interface Flagged {
  readonly falseFlags: number;
  readonly good: number;
  readonly bad: number;
}

export function flaggedOf({ fitted }: Calibrated, { whole, lowest = [] }: Measured): Flagged {
  const falseFlags = DEFAULTS.falseFlags as number;
  const thresholds = thresholdsFor(fitted, { falseFlags, threshold: DEFAULTS.threshold });
  const isFlagged = whole.map(({ value }, index) => value < thresholds.whole || (lowest[index] ?? 1) < thresholds.beginning);
  const count = (isGood: boolean) => whole.filter(({ good }, index) => good === isGood && isFlagged[index] === true).length;
  return { falseFlags, good: count(true), bad: count(false) };
}

/** All that is told. */
export interface Calibration {
  readonly model: string;
  readonly principle: Principle;
  /** The answers that figures are of. */
  readonly measured: readonly LabelledAnswer[];
  /** How many answers were learned from, these included. */
  readonly learned: number;
  /** Where they came from. */
  readonly source: string;
  readonly judges: readonly MeasuredJudge[];
  readonly leftOut: readonly LeftOut[];
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
}: Calibration): object {
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
}: Calibration): string {
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
