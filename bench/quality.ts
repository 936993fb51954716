/**
 * The paper's four experiments on the small world, plus helpfulness: share of good answers, with what they cost.
 *
 *   npm run bench:quality -- [--json] [--n N] [--model M] [--seed S] [--task NAME ...] [--judge-examples N]
 *
 * `--judge-examples` shortens the judge's preamble. It changes no count, as the preamble stays in the cache, but attention to it takes time.
 */
import { parseArgs } from "node:util";
import { answer, type Engine, type RainOptions } from "rain-align";
import { loadLlamaEngine } from "rain-align/llama";
import { type Rate, wilson } from "../src/evaluation/statistics.ts";
import { TASKS, type TaskName, type WorldTask } from "../src/evaluation/world/index.ts";

interface Row extends Rate {
  readonly fpe: number;
  readonly spe: number;
  readonly epe: number;
  /** Forward tokens per answer, the prompt not counted: what "equal cost" means for modes of different answer lengths. */
  readonly forward: number;
  /** Drafts, in best-of-n. */
  readonly drafts?: number;
}

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    n: { type: "string", default: "300" },
    model: { type: "string", default: "embedded" },
    seed: { type: "string", default: "1" },
    task: { type: "string", multiple: true },
    "judge-examples": { type: "string", default: "10" },
  },
});
const n = Number(values.n);
const seed = Number(values.seed);
const judgeExamples = Number(values["judge-examples"]);
if (!Number.isSafeInteger(n) || n < 1) throw new RangeError(`Expected \`--n\` to be a positive integer, got \`${values.n}\``);
const names = (values.task ?? Object.keys(TASKS)) as TaskName[];
const unknown = names.find((name) => !(name in TASKS));
if (unknown !== undefined) throw new RangeError(`Expected \`--task\` to be one of ${Object.keys(TASKS).join(", ")}, got \`${unknown}\``);

await using engine = await loadLlamaEngine({ model: values.model });
const tasks: Partial<Record<TaskName, Record<string, Row>>> = {};
for (const name of names) tasks[name] = await runTask(engine, name);
if (values.json) console.log(JSON.stringify({ model: engine.facts.model, n, tasks }));
else printTables(engine.facts.model, tasks);

/** All modes on the same questions with the same seeds. */
async function runTask(engine: Engine, name: TaskName): Promise<Record<string, Row>> {
  const task = TASKS[name];
  const rows: Record<string, Row> = {};
  const run = async (mode: string, options: RainOptions): Promise<Row> => {
    const row = await measure(engine, task, options);
    process.stderr.write(`${name} ${mode}: ${percent(row.rate)} good, ${row.fpe.toFixed(1)} forward tokens per token\n`);
    rows[mode] = row;
    return row;
  };
  await run("vanilla", { mode: "vanilla" });
  for (const bestOf of [2, 4]) await run(`best-of-${bestOf}`, { mode: "best-of-n", bestOf });
  const eight = await run("best-of-8", { mode: "best-of-n", bestOf: 8 });
  await run("adaptive", { mode: "adaptive" });
  const paper = await run("paper", { mode: "paper" });
  const drafts = Math.max(1, Math.round((8 * paper.forward) / eight.forward));
  rows["best-of-equal"] = { ...(await run("best-of-equal", { mode: "best-of-n", bestOf: drafts })), drafts };
  return rows;
}

async function measure(engine: Engine, task: WorldTask, options: RainOptions): Promise<Row> {
  const sum = { good: 0, emitted: 0, forward: 0, calls: 0, evaluations: 0 };
  for (const [index, question] of task.questions(n, seed).entries()) {
    const { text, meter, cost } = await answer(engine, [{ role: "user", text: question.text }], {
      ...task.options,
      judgeExamples,
      ...options,
      seed: seed * 100_003 + index,
    });
    sum.good += task.isGood(question.prompt, text) ? 1 : 0;
    sum.emitted += meter.emitted;
    sum.forward += meter.forward;
    sum.calls += cost.spe * meter.emitted;
    sum.evaluations += meter.evaluations;
  }
  const cost = {
    fpe: sum.forward / sum.emitted,
    spe: sum.calls / sum.emitted,
    epe: sum.evaluations / sum.emitted,
    forward: sum.forward / n,
  };
  return { ...wilson(sum.good, n), ...cost };
}

function printTables(model: string, tables: Partial<Record<TaskName, Record<string, Row>>>): void {
  console.log(`${model}, n = ${n} held-out questions a task, seed ${seed}\n`);
  for (const [name, rows] of Object.entries(tables)) {
    console.log(`| ${name} | good | 95 % interval | FPE | SPE | EPE |\n|---|---|---|---|---|---|`);
    for (const [mode, row] of Object.entries(rows)) {
      const label = row.drafts === undefined ? mode : `best-of-${row.drafts} (the forward tokens of paper)`;
      console.log(
        `| ${label} | ${percent(row.rate)} | ${percent(row.low)} - ${percent(row.high)} | ${row.fpe.toFixed(1)} | ${row.spe.toFixed(2)} | ${row.epe.toFixed(2)} |`,
      );
    }
    console.log("");
  }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
