/**
 * The paper's four experiments on the small world, plus helpfulness: share of good answers, with what they cost.
 *
 *   npm run bench:quality -- [--json] [--n N] [--model M] [--seed S] [--task NAME ...] [--mode NAME ...] [--judge-examples N] [--out FILE]
 *
 * `--out` keeps every cell as soon as it is measured. Started again, it measures only what the file lacks: cells of the same
 * model, n, seed and judge's examples are taken from it. `--judge-examples` shortens the judge's preamble: attention to it takes time.
 */
import { parseArgs } from "node:util";
import { loadLlamaEngine } from "rain-align/llama";
import { TASKS, type TaskName } from "../training/world/index.ts";
import { someOf, wholeNumber } from "./arguments.ts";
import { CELLS, type Conditions, decodingOf, measureCell, missingCells } from "./quality-cells.ts";
import { type Cell, QUALITY_RESULTS, type QualityResults } from "./quality-results.ts";
import { readResults, writeResults } from "./results-file.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    n: { type: "string", default: "300" },
    model: { type: "string", default: "embedded" },
    seed: { type: "string", default: "1" },
    task: { type: "string", multiple: true },
    mode: { type: "string", multiple: true },
    "judge-examples": { type: "string", default: "10" },
    out: { type: "string" },
  },
});
const conditions: Conditions = {
  n: wholeNumber("n", values.n),
  seed: wholeNumber("seed", values.seed),
  judgeExamples: values["judge-examples"] === "0" ? 0 : wholeNumber("judge-examples", values["judge-examples"]),
};
const tasks = someOf("task", values.task, Object.keys(TASKS) as TaskName[]);
const cells = someOf("mode", values.mode, CELLS);

// Read first: a wrong file is refused before a model is loaded.
const kept = values.out === undefined ? undefined : readResults(values.out, QUALITY_RESULTS);

await using engine = await loadLlamaEngine({ model: values.model });
const results = resultsSoFar(engine.facts.model);
for (const task of tasks) await measureTask(task);
if (values.json) console.log(JSON.stringify(results));
else printTables();

function resultsSoFar(model: string): QualityResults {
  if (kept !== undefined && kept.model !== model)
    throw new RangeError(`Expected \`--out\` to be a file of results of ${model}, got one of ${kept.model}`);
  return { model, n: conditions.n, tasks: kept?.tasks ?? {} };
}

async function measureTask(task: TaskName): Promise<void> {
  const row: Record<string, Cell> = results.tasks[task] ?? {};
  results.tasks[task] = row;
  for (const name of missingCells(cells, row, conditions)) {
    const options = decodingOf(name, row);
    const cell = await measureCell(engine, task, { options, conditions });
    row[name] = options.bestOf === undefined ? cell : { ...cell, drafts: options.bestOf };
    if (values.out !== undefined) writeResults(values.out, results);
    process.stderr.write(`${task} ${name}: ${percent(cell.rate)} good, ${cell.fpe.toFixed(1)} forward tokens per token\n`);
  }
}

function printTables(): void {
  console.log(`${results.model}, held-out questions of each task\n`);
  for (const [task, row] of Object.entries(results.tasks)) {
    console.log(`| ${task} | n | good | 95 % interval | FPE | SPE | EPE |\n|---|---|---|---|---|---|---|`);
    for (const name of CELLS) {
      const cell = row[name];
      if (cell === undefined) continue;
      const { n, rate, low, high, fpe, spe, epe } = cell;
      const label = name.startsWith("best-of-equal") ? `${name} (${cell.drafts} drafts)` : name;
      const interval = `${percent(low)} - ${percent(high)}`;
      console.log(
        `| ${label} | ${n} | ${percent(rate)} | ${interval} | ${fpe.toFixed(1)} | ${spe?.toFixed(2) ?? ""} | ${epe?.toFixed(2) ?? ""} |`,
      );
    }
    console.log("");
  }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
