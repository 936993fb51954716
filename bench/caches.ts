/**
 * What a rewind costs on each kind of model that llama.cpp runs: forward tokens (FPE) and decode calls (SPE) per emitted token of the very same
 * answers. The embedded model writes and judges them; every model with random weights and its vocabulary is asked all that it is asked, so that
 * decisions are the same and only the cache differs. `docs/benchmarks.md` says what each figure means.
 *
 *   npm run bench:caches -- [--json] [--n N] [--task NAME ...] [--mode NAME ...] [--judging auto|in-place|preamble] [--turns N]
 *     [--architecture NAME ...]
 *
 * `--turns` is how many earlier turns stand before each question: 6 by default, which with the question are some 130 tokens.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { answer, Meter, type Mode } from "rain-align";
import { type LlamaEngine, loadLlamaEngine } from "rain-align/llama";
import { ARCHITECTURES, type ArchitectureName } from "../training/architectures.ts";
import { writeRandomModel } from "../training/random-model.ts";
import { TASKS, type TaskName } from "../training/world/index.ts";
import { oneOf, someOf, wholeNumber } from "./arguments.ts";
import { Followed } from "./followed.ts";
import { conversationOf } from "./growth.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    n: { type: "string", default: "20" },
    task: { type: "string", multiple: true },
    mode: { type: "string", multiple: true },
    judging: { type: "string", default: "auto" },
    turns: { type: "string", default: "6" },
    architecture: { type: "string", multiple: true },
  },
});
const n = wholeNumber("n", values.n);
const tasks = someOf("task", values.task ?? ["harmless", "adversarial"], Object.keys(TASKS) as TaskName[]);
const modes = someOf("mode", values.mode, ["adaptive", "paper", "best-of-n", "vanilla"] as const);
const judging = oneOf("judging", values.judging, ["auto", "in-place", "preamble"] as const);
const earlier = values.turns === "0" ? 0 : wholeNumber("turns", values.turns);
const architectures = someOf("architecture", values.architecture, Object.keys(ARCHITECTURES) as ArchitectureName[]);

/** What one model paid for the answers of one mode. */
interface Paid {
  readonly fpe: number;
  readonly spe: number;
  /** Tokens of prompts that were read. */
  readonly prompt: number;
}

// Each llama.cpp of the library's waits for the end of the process.
process.setMaxListeners(0);
const folder = mkdtempSync(join(tmpdir(), "rain-caches-"));
try {
  const cells: { readonly task: TaskName; readonly mode: Mode; readonly emitted: number; readonly paid: Record<string, Paid> }[] = [];
  for (const task of tasks) {
    for (const mode of modes) {
      const cell = { task, mode, ...(await measure(task, mode)) };
      cells.push(cell);
      if (!values.json) print(cell);
    }
  }
  if (values.json) console.log(JSON.stringify({ n, cells }));
} finally {
  rmSync(folder, { recursive: true });
}

/** All models together, afresh, so that what one cell left in the caches is not found by the next. */
async function measure(task: TaskName, mode: Mode): Promise<{ readonly emitted: number; readonly paid: Record<string, Paid> }> {
  await using leader = await loadLlamaEngine({ model: "embedded", gpu: false, threads: 1 });
  const followers: LlamaEngine[] = [];
  try {
    for (const name of architectures) {
      const model = await writeRandomModel(join(folder, `${name}.gguf`), name);
      followers.push(await loadLlamaEngine({ model, gpu: false, threads: 1 }));
    }
    const followed = new Followed(leader, followers);
    const sum = new Meter();
    for (const [index, { text }] of TASKS[task].questions(n, 1).entries()) {
      const turns = conversationOf(earlier, text);
      sum.add((await answer(followed, turns, { ...TASKS[task].options, mode, judging, seed: index })).meter);
    }
    const paid = architectures.map((name, index) => {
      const { cost, spent } = Object.assign(followed.meters[index] as Meter, { emitted: sum.emitted });
      return [name, { fpe: cost.fpe, spe: cost.spe, prompt: spent.prompt.tokens }] as const;
    });
    return { emitted: sum.emitted, paid: Object.fromEntries(paid) };
  } finally {
    for (const follower of followers) await follower[Symbol.asyncDispose]();
  }
}

function print({ task, mode, paid }: { readonly task: TaskName; readonly mode: Mode; readonly paid: Record<string, Paid> }): void {
  const [first] = Object.values(paid);
  console.log(`\n${task}, ${mode}, n = ${n}\n\n| model | FPE | over the first | SPE | prompt tokens |\n|---|---|---|---|---|`);
  for (const [name, { fpe, spe, prompt }] of Object.entries(paid))
    console.log(`| ${name} | ${fpe.toFixed(2)} | ${(fpe / (first?.fpe ?? fpe)).toFixed(2)} | ${spe.toFixed(2)} | ${prompt} |`);
}
