/**
 * A thousand mixed requests on one engine in one process: all modes and principles, short and long, readers that stay, leave, abort
 * or hurry the judge, bursts that find the queue full. Nothing may be lost, and memory may not grow.
 *
 *   npm run bench:soak -- [--json] [--requests N] [--seed S] [--model M]
 *
 * Ends with code 1 when something was lost, rejected unheard or went wrong, or memory grew by more than 5 % behind the first
 * 200 requests.
 */
import { parseArgs } from "node:util";
import { loadLlamaEngine } from "rain-align/llama";
import { wholeNumber } from "./arguments.ts";
import { type MemorySample, soak } from "./soak-run.ts";
import { complaintsAbout, growthOf, WARM_UP } from "./soak-verdict.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    requests: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    model: { type: "string", default: "embedded" },
  },
});
const requests = wholeNumber("requests", values.requests);
const seed = wholeNumber("seed", values.seed);
const collect = globalThis.gc;
if (collect === undefined) throw new RangeError("Expected node to run with `--expose-gc`, got none (npm run bench:soak does that)");

await using engine = await loadLlamaEngine({ model: values.model });
const sampleEvery = Math.min(WARM_UP, requests);
const report = await soak(engine, { requests, seed, sampleEvery, collect: () => collect(), onSample: tell });
const growth = growthOf(report.memory);
const complaints = complaintsAbout(report);
const { model, sequences } = engine.facts;
if (values.json) console.log(JSON.stringify({ model, sequences, ...report, growth, complaints }));
else print();
process.exitCode = complaints.length === 0 ? 0 : 1;

function tell({ after, resident, heap }: MemorySample): void {
  process.stderr.write(`after ${after} requests: ${megabytes(resident)} resident, ${megabytes(heap)} of it heap\n`);
}

function print(): void {
  console.log(`${model}, ${requests} requests, seed ${seed}\n`);
  console.log("| what became of them | requests |\n|---|---|");
  for (const [outcome, count] of Object.entries(report.outcomes)) console.log(`| ${outcome} | ${count} |`);
  console.log("");
  if (growth !== undefined)
    console.log(`memory behind the first ${WARM_UP}: resident x ${growth.resident.toFixed(3)}, heap x ${growth.heap.toFixed(3)}`);
  console.log(`${report.lostSequences} of ${sequences} sequences lost, ${report.lostPlaces} places in the queue`);
  console.log(`${report.unhandledRejections} unhandled rejections, ${report.faults.length} faults`);
  console.log(complaints.length === 0 ? "nothing to complain about" : complaints.join("\n"));
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
