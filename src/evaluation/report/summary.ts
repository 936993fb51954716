import type { Result } from "../run/results.ts";
import type { About } from "./about.ts";
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
