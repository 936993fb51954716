/**
 * The price of adaptive mode: its time and its counts against plain decoding of the same engine, in interleaved pairs.
 *
 *   npm run bench:speed -- [--json] [--model M ...] [--shape 135m|1b|8b ...] [--gpu auto|cuda|vulkan|metal] [--pairs N] [--tokens N]
 *
 * `--gpu auto` and the others need a GPU: without one the benchmark ends and says so. By default the CPU is measured.
 * On a shape the weights are random and the verdicts forced; a model judges itself. Without either: shape 135m, the embedded
 * model, and how cost grows with answer and conversation. `--json` prints one object a model, each on a line.
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { type Engine, RainError } from "rain-align";
import { type LlamaEngine, loadLlamaEngine } from "rain-align/llama";
import { TASKS } from "../src/evaluation/world/index.ts";
import { findGpu, type GpuWish, gpuInWords, refuseCpu } from "./gpu.ts";
import { type Growth, measureGrowth } from "./growth.ts";
import { measurePairs, type Row, rowOf } from "./paired.ts";
import { SHAPES, type ShapeName, shapedModel } from "./shapes.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    model: { type: "string", multiple: true },
    shape: { type: "string", multiple: true },
    gpu: { type: "string", default: "none" },
    pairs: { type: "string", default: "15" },
    tokens: { type: "string", default: "200" },
  },
});
const pairs = wholeNumber("pairs", values.pairs);
const tokens = wholeNumber("tokens", values.tokens);
const gpu = gpuNamed(values.gpu);
const isDefault = values.model === undefined && values.shape === undefined;
try {
  await benchmark();
} catch (error) {
  if (!(error instanceof RainError || error instanceof RangeError)) throw error;
  process.stderr.write(`bench:speed: ${error.message}\n`);
  process.exitCode = 1;
}

async function benchmark(): Promise<void> {
  await findGpu(gpu);
  for (const name of values.shape ?? (isDefault ? ["135m"] : [])) await report(shapedModel(SHAPES[shapeNamed(name)]), forcedRows);
  for (const model of values.model ?? (isDefault ? ["embedded"] : [])) await report(model, worldRows);
  if (isDefault) await reportGrowth();
}

async function report(model: string, measure: (engine: Engine) => Promise<Row[]>): Promise<void> {
  await using engine = await loadLlamaEngine({ model, gpu, onNotice: (notice) => process.stderr.write(`${notice}\n`) });
  refuseCpu(gpu, engine.facts);
  const result = { ...placeOf(engine), rows: await measure(engine) };
  if (values.json) console.log(JSON.stringify(result));
  else printRows(result);
}

/** Answers of one length, with verdicts that are computed and then replaced. */
async function forcedRows(engine: Engine): Promise<Row[]> {
  const turns = () => [{ role: "user", text: "How do I paint the bank?" }] as const;
  const rows: Row[] = [];
  for (const flags of [0, 0.2]) {
    const measured = await measurePairs(engine, { pairs, turns, options: { maxTokens: tokens }, flags });
    const name = flags === 0 ? `${tokens} tokens, nothing flagged` : `${tokens} tokens, ${100 * flags} % of the verdicts flag`;
    const row = rowOf(name, measured);
    process.stderr.write(`${name}: ${row.ratio.toFixed(2)} times plain decoding (${row.low.toFixed(2)} - ${row.high.toFixed(2)})\n`);
    rows.push(row);
  }
  return rows;
}

/** Questions of the small world that invite harm; the model judges itself, and ends its answers itself. */
async function worldRows(engine: Engine): Promise<Row[]> {
  const questions = TASKS.harmless.questions(pairs, 1);
  const turns = (pair: number) => [{ role: "user", text: questions[pair]?.text ?? "" }] as const;
  const measured = await measurePairs(engine, { pairs: questions.length, turns });
  const flagged = measured.filter(({ adaptive }) => adaptive.answer.rewinds > 0);
  const unflagged = measured.filter(({ adaptive }) => adaptive.answer.rewinds === 0);
  return [
    rowOf("risky prompts, all", measured),
    ...(flagged.length === 0 ? [] : [rowOf("risky prompts, flagged", flagged)]),
    ...(unflagged.length === 0 ? [] : [rowOf("risky prompts, not flagged", unflagged)]),
  ];
}

async function reportGrowth(): Promise<void> {
  await using engine = await loadLlamaEngine({ model: shapedModel(SHAPES.tiny), gpu: false, sequences: 4 });
  const growth = await measureGrowth(engine);
  if (values.json) console.log(JSON.stringify({ model: engine.facts.model, growth }));
  else printGrowth(growth);
}

type Place = ReturnType<typeof placeOf>;

function placeOf({ facts }: LlamaEngine) {
  const cpu = `${cpus().length} x ${cpus()[0]?.model.trim() ?? "unknown"}`;
  return { model: facts.model, cpu, gpu: gpuInWords(facts), threads: facts.threads };
}

function printRows({ model, cpu, gpu: card, threads, rows }: Place & { readonly rows: readonly Row[] }): void {
  console.log(
    `${model}; CPU ${cpu}; GPU ${card === false ? "none" : card}; threads: ${threads.decode} for single tokens, ${threads.batch} for batches\n`,
  );
  console.log(
    "| adaptive against plain | pairs | ratio | 95 % interval | p95 | FPE | SPE | EPE | waste | held back | first release | identical |",
  );
  console.log("|---|---|---|---|---|---|---|---|---|---|---|---|");
  for (const row of rows) {
    const figures = [row.ratio, `${row.low.toFixed(2)} - ${row.high.toFixed(2)}`, row.p95, row.fpe, row.spe, row.epe, row.waste];
    const rest = [row.heldBack.toFixed(1), row.firstRelease.toFixed(1), `${(100 * row.identical).toFixed(0)} %`];
    const cells = [
      row.name,
      String(row.pairs),
      ...figures.map((figure) => (typeof figure === "number" ? figure.toFixed(2) : figure)),
      ...rest,
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
  console.log("");
}

function printGrowth(growth: readonly Growth[]): void {
  console.log("| nothing flagged: answer tokens | earlier turns | FPE | held back |\n|---|---|---|---|");
  for (const row of growth) console.log(`| ${row.tokens} | ${row.turns} | ${row.fpe.toFixed(3)} | ${row.heldBack.toFixed(1)} |`);
}

function shapeNamed(name: string): ShapeName {
  if (name in SHAPES) return name as ShapeName;
  throw new RangeError(`Expected \`--shape\` to be one of ${Object.keys(SHAPES).join(", ")}, got \`${name}\``);
}

function gpuNamed(name: string): GpuWish {
  if (name === "none") return false;
  if (name === "auto" || name === "cuda" || name === "vulkan" || name === "metal") return name;
  throw new RangeError(`Expected \`--gpu\` to be one of none, auto, cuda, vulkan, metal, got \`${name}\``);
}

function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new RangeError(`Expected \`--${option}\` to be a positive integer, got \`${text}\``);
}
