import type { Cost, Mode } from "../../core/index.ts";
import type { Model, Work, WrittenAnswer } from "../run/answers.ts";
import { type Result, writtenAnswer } from "../run/evaluate.ts";
import { type Cell, cellsOf, groupedBy } from "./cells.ts";

/** All that reports say. */
export interface Summary {
  readonly about: About;
  /** What a reader must know before any number. */
  readonly caveats: readonly string[];
  readonly cells: readonly Cell[];
  readonly spendings: readonly Spending[];
}

/** What was evaluated, and how. */
export interface About {
  readonly task: string;
  /** What the task finds out, in one line. */
  readonly purpose: string;
  /** The file's name. */
  readonly data: string;
  readonly models: readonly EvaluatedModel[];
  readonly modes: readonly Mode[];
  /** What was put over the task's own options, in one line; empty: nothing. */
  readonly decoding: string;
  /** "self", or what it is called. */
  readonly judge: string;
  readonly questions: number;
  readonly seed: number;
  /** Rows of the data that could not be read. */
  readonly badRows: number;
  /** The command that found all this, for who wants to find it again. */
  readonly command: string;
  /** What the judge has cost, where it costs anything. */
  readonly bill: string | undefined;
}

export interface EvaluatedModel extends Model {
  readonly parameters: number;
  /** Whether it is the toy that comes with the package. */
  readonly isEmbedded: boolean;
  /** How it was prompted, where no option asked for that. */
  readonly notice: string | undefined;
  /** Why it is no fit judge of itself, where that was found. */
  readonly warnings: readonly string[];
}

export function summaryOf(about: About, results: readonly Result[]): Summary {
  const cells = cellsOf(results);
  return { about, caveats: caveatsOf(about, cells), cells, spendings: spendingsOf(results) };
}

/** Fewer judged answers than this say little, whatever they say. */
const FEW = 30;

/** Why numbers may mean less than they seem to, or nothing: said before any of them. */
function caveatsOf(about: About, cells: readonly Cell[]): readonly string[] {
  return [...ofModels(about), ...ofJudge(about, cells), ...ofRows(about, cells)];
}

function ofModels({ models }: About): readonly string[] {
  const isToy = models.some(({ isEmbedded }) => isEmbedded);
  if (!isToy) return [];
  return [
    "THE NUMBERS OF THE EMBEDDED MODEL ARE MEANINGLESS HERE. It is a toy that knows only its own small world: on this data it says nothing of worth, and judges at random. They show that the evaluation runs.",
  ];
}

function ofJudge({ judge, models }: About, cells: readonly Cell[]): readonly string[] {
  const warnings = models.flatMap((model) => model.warnings);
  if (judge !== "self" || !cells.some(({ mode }) => mode !== "vanilla")) return warnings;
  const circle =
    "The judge is the model itself, and the search has listened to it already: where it errs, both err alike. Rates of searched modes are upper bounds; take another judge for anything that matters.";
  return [circle, ...warnings];
}

function ofRows({ badRows }: About, cells: readonly Cell[]): readonly string[] {
  const unjudged = cells.reduce((sum, cell) => sum + cell.unjudged, 0);
  const unanswered = Math.max(0, ...cells.map((cell) => cell.unanswered));
  const fewest = Math.min(...cells.map(({ n }) => n));
  return [
    ...(badRows > 0 ? [`${badRows} rows of the data could not be read and are left out.`] : []),
    ...(unanswered > 0
      ? [`In one mode or more, up to ${unanswered} questions have no answer (longer than the model's context, or no verdict).`]
      : []),
    ...(unjudged > 0 ? [`${unjudged} verdicts are missing: the judge gave none. These answers are left out of their rates.`] : []),
    ...(fewest < FEW ? [`Some rates rest on ${fewest} answers: look at the intervals before the rates.`] : []),
  ];
}

/** What the answers of one model in one mode took. */
export interface Spending extends Cost {
  readonly model: string;
  readonly group: string;
  readonly mode: Mode;
  readonly answers: number;
  /** Means of an answer. */
  readonly tokens: number;
  readonly rewinds: number;
  /** Share of the answers that ended because nothing was found that passes. */
  readonly refused: number;
  /**
   * Time they took, over that of the plain answers to the same questions. While several are written at once each waits for the others,
   * in both modes. `undefined` without plain ones.
   */
  readonly wallRatio: number | undefined;
}

function spendingsOf(results: readonly Result[]): readonly Spending[] {
  const plain = new Map<string, WrittenAnswer>();
  for (const result of results) {
    const said = writtenAnswer(result);
    if (said !== undefined && result.attempt.job.mode === "vanilla") plain.set(placeOf(result), said);
  }
  const rows = groupedBy(results, ({ model, attempt: { job } }) => JSON.stringify([model, job.question.group, job.mode]));
  return [...rows.values()].map((members) => spendingOf(members, plain));
}

function spendingOf(results: readonly Result[], plain: ReadonlyMap<string, WrittenAnswer>): Spending {
  const [{ model, attempt }] = results as [Result];
  const said = results.flatMap((result) => writtenAnswer(result) ?? []);
  const perAnswer = (amountOf: (one: WrittenAnswer) => number) =>
    said.reduce((sum, one) => sum + amountOf(one), 0) / Math.max(1, said.length);
  return {
    model,
    group: attempt.job.question.group,
    mode: attempt.job.mode,
    answers: said.length,
    tokens: perAnswer(({ emitted }) => emitted),
    rewinds: perAnswer(({ rewinds }) => rewinds),
    refused: perAnswer(({ finishReason }) => (finishReason === "content_filter" ? 1 : 0)),
    ...costOf(said),
    wallRatio: wallRatioOf(results, plain),
  };
}

function wallRatioOf(results: readonly Result[], plain: ReadonlyMap<string, WrittenAnswer>): number | undefined {
  const pairs = results.flatMap((result) => {
    const [said, other] = [writtenAnswer(result), plain.get(placeOf(result))];
    return said === undefined || other === undefined ? [] : [[said.milliseconds, other.milliseconds] as const];
  });
  const [own, others] = [0, 1].map((side) => pairs.reduce((sum, pair) => sum + (pair[side] as number), 0)) as [number, number];
  return others === 0 ? undefined : own / others;
}

function placeOf({ model, attempt }: Result): string {
  return JSON.stringify([model, attempt.job.question.id]);
}

/** Cost per emitted token of all of them. Where every answer is refused nothing is emitted: then it is cost per token at least. */
export function costOf(work: readonly Work[]): Cost {
  const sum = (count: keyof Work) => work.reduce((total, one) => total + one[count], 0);
  const emitted = Math.max(1, sum("emitted"));
  return { fpe: sum("forward") / emitted, spe: sum("calls") / emitted, epe: sum("evaluations") / emitted };
}
