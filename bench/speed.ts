/**
 * The price of adaptive mode: its time and its counts against plain decoding, in interleaved pairs; many requests at once against
 * one at a time; and plain decoding against llama.cpp alone. `docs/benchmarks.md` says what each figure means.
 *
 *   npm run bench:speed -- [--json] [--model M ...] [--shape 135m|1b|8b ...] [--growth] [--gpu auto|cuda|vulkan|metal]
 *     [--pairs N] [--tokens N] [--out FILE]
 *
 * On a shape the weights are random and the verdicts forced; a model judges itself: on real weights with nothing flagged and with flags, with the free watch alone, beside a guard of the same
 * model, and two to eight requests at once. `--growth` counts cost in longer answers and
 * conversations. Without any of the three: shape 135m, the embedded model, and growth. `--json` prints one object a model, each
 * on a line; `--out` keeps their list in a file, which is written again after each model.
 * `--gpu auto` and the others need a GPU: without one the benchmark ends and says so. By default the CPU is measured.
 */
import { parseArgs } from "node:util";
import { RainError } from "rain-align";
import { type LlamaEngine, type LlamaEngineOptions, loadLlamaEngine } from "rain-align/llama";
import { oneOf, wholeNumber } from "./arguments.ts";
import { fastestPlain } from "./fastest-plain.ts";
import { findGpu, refuseCpu } from "./gpu.ts";
import { growthRows } from "./growth.ts";
import { realRows } from "./real-rows.ts";
import { writeResults } from "./results-file.ts";
import type { Row } from "./row.ts";
import { SHAPES, type ShapeName, shapedModel } from "./shapes.ts";
import { type Bench, forcedRows, worldRows } from "./speed-rows.ts";
import { growthTable, placeOf, type Report, speedTable } from "./speed-table.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    model: { type: "string", multiple: true },
    shape: { type: "string", multiple: true },
    growth: { type: "boolean", default: false },
    gpu: { type: "string", default: "none" },
    pairs: { type: "string", default: "15" },
    tokens: { type: "string", default: "200" },
    out: { type: "string" },
  },
});
const lengths = { pairs: wholeNumber("pairs", values.pairs), tokens: wholeNumber("tokens", values.tokens) };
const gpuName = oneOf("gpu", values.gpu, ["none", "auto", "cuda", "vulkan", "metal"]);
const gpu = gpuName === "none" ? false : gpuName;
const shapes = (values.shape ?? []).map((name) => oneOf("shape", name, Object.keys(SHAPES) as ShapeName[]));
const models = values.model ?? [];
/** As large a context as the questions need: memory is measured. */
const REAL = { contextSize: 2048, sequences: 10 } as const;
const isDefault = shapes.length + models.length === 0 && !values.growth;
const reports: Report[] = [];

try {
  await benchmark();
} catch (error) {
  if (!(error instanceof RainError || error instanceof RangeError)) throw error;
  process.stderr.write(`bench:speed: ${error.message}\n`);
  process.exitCode = 1;
}

async function benchmark(): Promise<void> {
  await findGpu(gpu);
  for (const name of isDefault ? (["135m"] as const) : shapes) await timeModel({ model: shapedModel(SHAPES[name]), gpu }, forcedRows);
  for (const model of isDefault ? ["embedded"] : models) {
    const options: LlamaEngineOptions = { model, gpu, ...(model === "embedded" ? {} : REAL) };
    await timeModel(
      options,
      model === "embedded" ? worldRows : (bench) => realRows(bench, () => loadLlamaEngine({ ...options, sequences: 2 })),
    );
  }
  if (isDefault || values.growth) await countGrowth();
}

async function timeModel(options: LlamaEngineOptions, rowsOf: (bench: Bench) => AsyncIterable<Row>): Promise<void> {
  await using engine = await loadLlamaEngine({ ...options, onNotice: (notice) => process.stderr.write(`${notice}\n`) });
  refuseCpu(gpu, engine.facts);
  await using plain = await fastestPlain(engine, (threads) => loadLlamaEngine({ ...options, threads }));
  for (const [threads, milliseconds] of plain.milliseconds)
    process.stderr.write(`plain decoding, ${threads} thread(s): ${milliseconds.toFixed(1)} ms a token\n`);
  await report(engine, {
    plain: plain.engine.facts.threads.decode,
    rows: rowsOf({ engine, plain: plain.engine, ...lengths }),
    table: speedTable,
  });
}

async function countGrowth(): Promise<void> {
  await using engine = await loadLlamaEngine({ model: shapedModel(SHAPES.tiny), gpu: false, sequences: 4 });
  await report(engine, { plain: engine.facts.threads.decode, rows: growthRows(engine), table: growthTable });
}

interface Measured {
  /** Threads of plain decoding. */
  readonly plain: number;
  readonly rows: AsyncIterable<Row>;
  readonly table: (report: Report) => string;
}

async function report(engine: LlamaEngine, measured: Measured): Promise<void> {
  const rows: Row[] = [];
  for await (const row of measured.rows) {
    process.stderr.write(`${row.name}: ${row.ratio.toFixed(2)} (${row.low.toFixed(2)} - ${row.high.toFixed(2)})\n`);
    rows.push(row);
  }
  const done = { ...placeOf(engine, measured.plain), rows };
  reports.push(done);
  if (values.out !== undefined) writeResults(values.out, reports);
  console.log(values.json ? JSON.stringify(done) : measured.table(done));
}
