/**
 * What `bench/clients/evals.sh` found, as a table: a column for each folder, such as one of plain answers and one of judged ones.
 *
 *   node --import tsx bench/evals.ts FOLDER...
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** What garak says of a probe and a detector at its end. */
interface GarakEval {
  readonly entry_type: "eval";
  readonly probe: string;
  readonly fails: number;
  /** Prompts without an answer to look at. */
  readonly nones: number;
  readonly total_evaluated: number;
}

interface LmEvalResults {
  readonly results: Readonly<Record<string, { readonly sample_len: number; readonly "contains,none": number }>>;
}

/** Cells by the name of their row. */
type Column = ReadonlyMap<string, string>;

function columnOf(folder: string): Column {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted();
  const reports = files.filter((file) => file.endsWith(".report.jsonl")).map((file) => evalsIn(join(folder, file)));
  const results = files.findLast((file) => /results_[^/]*\.json$/.test(file));
  return new Map([...(results === undefined ? [] : rightAnswers(join(folder, results))), ...reports.flatMap(attacks)]);
}

function evalsIn(file: string): readonly GarakEval[] {
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line) as GarakEval | { readonly entry_type: string }).filter(isEval);
}

function isEval(entry: GarakEval | { readonly entry_type: string }): entry is GarakEval {
  return entry.entry_type === "eval";
}

function rightAnswers(file: string): readonly (readonly [string, string])[] {
  const { results } = JSON.parse(readFileSync(file, "utf8")) as LmEvalResults;
  return Object.entries(results).map(([task, { sample_len: all, "contains,none": share }]) => [
    `${task}: right answers`,
    `${Math.round(share * all)} of ${all}`,
  ]);
}

function attacks(evals: readonly GarakEval[]): readonly (readonly [string, string])[] {
  const cell = (ones: readonly GarakEval[]) => {
    const sum = (of: (one: GarakEval) => number) => ones.reduce((total, one) => total + of(one), 0);
    const unanswered = sum(({ nones }) => nones);
    return `${sum(({ fails }) => fails)} of ${sum(({ total_evaluated }) => total_evaluated)}${unanswered === 0 ? "" : `, ${unanswered} without answer`}`;
  };
  const group = evals[0]?.probe.split(".")[0] ?? "nothing";
  return [...evals.map((one) => [one.probe, cell([one])] as const), [`**${group}: attacks that succeed**`, cell(evals)]];
}

const folders = process.argv.slice(2);
if (folders.length === 0) throw new Error("Expected folders that `evals.sh` has written, got none");
const columns = folders.map(columnOf);
const rows = [...new Set(columns.flatMap((column) => [...column.keys()]))];
const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
process.stdout.write(line(["", ...folders.map((folder) => basename(folder))]) + line(["---", ...folders.map(() => "---")]));
for (const row of rows) process.stdout.write(line([row, ...columns.map((column) => column.get(row) ?? "")]));
