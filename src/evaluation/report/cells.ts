import type { Mode } from "../../core/index.ts";
import { bootstrap, bootstrapTest, type Interval, mcnemar, mean, wilson } from "../../statistics.ts";
import type { Measure } from "../questions.ts";
import { type Result, writtenAnswer } from "../run/evaluate.ts";

/** One measure of one model's answers in one mode. */
export interface Cell {
  readonly model: string;
  readonly group: string;
  readonly measure: string;
  readonly kind: Measure["kind"];
  readonly wanted: Measure["wanted"];
  readonly mode: Mode;
  /** Answers that were judged. */
  readonly n: number;
  /** A share from 0 to 1, or a mean grade from 1 to 5. `undefined` where nothing was judged. */
  readonly estimate: Estimate | undefined;
  readonly unanswered: number;
  readonly unjudged: number;
  /** `undefined` in vanilla mode, and without it. */
  readonly versus: Versus | undefined;
}

/** A figure, with its 95 % interval: Wilson's of a share, the bootstrap's of a mean. */
export interface Estimate extends Interval {
  readonly mean: number;
}

/** How a mode does against plain decoding on the same questions. */
export interface Versus extends Interval {
  /** Mean of the differences, with the bootstrap's 95 % interval. */
  readonly difference: number;
  /** Questions that were judged in both. */
  readonly pairs: number;
  /** How likely it is by chance that they differ as much. */
  readonly p: number;
  readonly test: "McNemar, exact" | "sign test, exact" | "bootstrap";
}

/** What belongs together: one measure of one group, in all modes. */
interface CellRow {
  readonly model: string;
  readonly group: string;
  readonly measure: Measure;
  readonly results: readonly Result[];
}

export function cellsOf(results: readonly Result[]): readonly Cell[] {
  return rowsOf(results).flatMap((row) => {
    const modes = [...new Set(row.results.map(({ attempt }) => attempt.job.mode))];
    return modes.filter((mode) => row.measure.kind !== "win" || mode !== "vanilla").map((mode) => cellOf(row, mode));
  });
}

/** The members of each group, in the order in which groups first come up. */
export function groupedBy<Item>(items: readonly Item[], nameOf: (item: Item) => string): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const members = groups.get(nameOf(item));
    if (members === undefined) groups.set(nameOf(item), [item]);
    else members.push(item);
  }
  return groups;
}

function rowsOf(results: readonly Result[]): readonly CellRow[] {
  return [...groupedBy(results, ({ model, attempt }) => JSON.stringify([model, attempt.job.question.group])).values()].flatMap(
    (members) => {
      const [{ model, attempt }] = members as [Result];
      const { group, measures } = attempt.job.question;
      return measures.map((measure) => ({ model, group, measure, results: members }));
    },
  );
}

function cellOf({ model, group, measure, results }: CellRow, mode: Mode): Cell {
  const own = results.filter(({ attempt }) => attempt.job.mode === mode);
  const judged = own.flatMap(({ outcomes }) => outcomes[measure.name] ?? []);
  const unanswered = own.filter((result) => writtenAnswer(result) === undefined).length;
  return {
    model,
    group,
    measure: measure.name,
    kind: measure.kind,
    wanted: measure.wanted,
    mode,
    n: judged.length,
    estimate: estimateOf(measure, judged),
    unanswered,
    unjudged: own.length - unanswered - judged.length,
    versus: measure.kind === "win" ? againstChance(judged) : versusVanilla({ model, group, measure, results }, own),
  };
}

function estimateOf({ kind }: Measure, outcomes: readonly number[]): Estimate | undefined {
  if (outcomes.length === 0) return undefined;
  const found = mean(outcomes);
  if (kind === "grade" || kind === "win") return { mean: found, ...bootstrap(outcomes, mean) };
  const { low, high } = wilson(Math.round(found * outcomes.length), outcomes.length);
  return { mean: found, low, high };
}

/** An answer was compared with the plain one itself: ties say nothing. */
function againstChance(outcomes: readonly number[]): Versus | undefined {
  const differences = outcomes.map((outcome) => outcome - 0.5);
  return versusOf(differences, "sign test, exact");
}

function versusVanilla({ measure, results }: CellRow, own: readonly Result[]): Versus | undefined {
  const plain = new Map(results.filter(({ attempt }) => attempt.job.mode === "vanilla").map((one) => [one.attempt.job.question.id, one]));
  if (plain.size === 0 || own.every(({ attempt }) => attempt.job.mode === "vanilla")) return undefined;
  const differences = own.flatMap(({ attempt, outcomes }) => {
    const [after, before] = [outcomes[measure.name], plain.get(attempt.job.question.id)?.outcomes[measure.name]];
    return after === undefined || before === undefined ? [] : [after - before];
  });
  return versusOf(differences, measure.kind === "grade" ? "bootstrap" : "McNemar, exact");
}

function versusOf(differences: readonly number[], test: Versus["test"]): Versus | undefined {
  if (differences.length === 0) return undefined;
  const [gained, lost] = [differences.filter((one) => one > 0).length, differences.filter((one) => one < 0).length];
  const p = test === "bootstrap" ? bootstrapTest(differences) : mcnemar(gained, lost);
  return { difference: mean(differences), ...bootstrap(differences, mean), pairs: differences.length, p, test };
}
