/** What the report of an evaluation says: as words for Markdown and the page, and as a table of numbers. */
import { stringify } from "csv-stringify/sync";
import type { RainOptions } from "../../core/index.ts";
import type { Cell, Versus } from "./cells.ts";
import type { About, Spending, Summary } from "./summary.ts";
import { markdownText, percent, type ReportTable, type ReportWords, sizeText } from "./words.ts";

export function markdownReport(summary: Summary): string {
  return markdownText(summaryWords(summary));
}

export function summaryWords({ about, caveats, cells, spendings }: Summary): ReportWords {
  return { title: about.task, caveats, facts: factsOf(about), tables: [resultTable(cells), costTable(spendings)] };
}

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

/** How answers were written, in one line: what was put over the options of the task. */
export function decodingWords(options: RainOptions): string {
  return Object.entries(options)
    .map(([name, value]) => `${name} ${wordOf(value)}`)
    .join(", ");
}

/** A principle by its name, examples by their number. */
function wordOf(value: unknown): string {
  if (Array.isArray(value)) return `${value.length} of one's own`;
  return typeof value === "object" && value !== null && "name" in value ? String(value.name) : String(value);
}

/** Under which conditions numbers were found, as name and value. */
function factsOf(about: About): ReportWords["facts"] {
  const { task, purpose, data, models, modes, decoding, judge, questions, seed, command, bill } = about;
  return [
    ["task", `${task}: ${purpose}`],
    ["data", data],
    [
      "models",
      models
        .map(({ label, parameters, bytes }) => `${label} (${sizeText(parameters)} parameters, ${(bytes / 1e6).toFixed(1)} MB)`)
        .join(", "),
    ],
    ...models.flatMap(({ notice }) => (notice === undefined ? [] : [["prompting", notice] as const])),
    ["modes", modes.join(", ")],
    ...(decoding === "" ? [] : [["options", decoding] as const]),
    ["judge", judge],
    ["questions", String(questions)],
    ["seed", String(seed)],
    ["again", command],
    ...(bill === undefined ? [] : [["asked of the judge this time", bill] as const]),
  ];
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

function probability(p: number): string {
  return p < 0.001 ? "< 0.001" : p.toFixed(3);
}
