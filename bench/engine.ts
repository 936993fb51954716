/**
 * What the engine costs: plain decoding against node-llama-cpp's own loop, paper mode's forward tokens with and without the prefix
 * cache, and the memory of `rain ask`.
 *
 *   npm run bench:engine -- [--json] [--model M] [--pairs N] [--tokens N] [--n N]
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { answer, type Engine, generate, Meter, type Prefix } from "rain-align";
import { type LlamaEngine, loadLlamaEngine } from "rain-align/llama";
import { TASKS } from "../training/world/index.ts";
import { wholeNumber } from "./arguments.ts";
import { Forced } from "./forced.ts";
import { NativeLoop } from "./native.ts";
import { type Spread, spreadOf } from "./row.ts";
import { UncachedCount } from "./uncached.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    model: { type: "string", default: "embedded" },
    pairs: { type: "string", default: "15" },
    n: { type: "string", default: "50" },
    tokens: { type: "string", default: "200" },
  },
});

/** Pairs before the first that counts: Node.js compiles what runs often. */
const WARM_UP = 10;

const n = wholeNumber("n", values.n);
const pairs = wholeNumber("pairs", values.pairs);
const tokens = wholeNumber("tokens", values.tokens);

await using engine = await loadLlamaEngine({ model: values.model });
const plain = await plainAgainstNative(engine, "as-it-comes");
const plainLikeOurs = await plainAgainstNative(engine, "like-ours");
const paper = await paperCost(engine, n);
const memory = askMemory();
const result = { model: engine.facts.model, threads: engine.facts.threads, plain, plainLikeOurs, paper, memory };
if (values.json) console.log(JSON.stringify(result));
else {
  console.log(`${result.model}, ${result.threads.decode} thread(s) for single tokens, ${result.threads.batch} for batches\n`);
  console.log("| what | measured |\n|---|---|");
  const loop = `plain decoding against node-llama-cpp's own evaluate() loop, ${tokens} tokens, ${pairs} pairs`;
  console.log(`| ${loop} | ${ratioText(plain)} |`);
  console.log(`| the same, with that loop's attention set like ours | ${ratioText(plainLikeOurs)} |`);
  console.log(`| paper mode, harmless requests, n = ${n}: forward tokens per emitted token | ${paper.fpe.toFixed(1)} |`);
  console.log(`| the same decisions without a prefix cache | ${paper.uncached.toFixed(0)} (${(paper.uncached / paper.fpe).toFixed(0)}x) |`);
  console.log(`| peak memory of \`rain ask\` on the embedded model | ${memory.toFixed(0)} MB |`);
}

function ratioText({ ratio, low, high }: Spread): string {
  return `${ratio.toFixed(2)}x (${low.toFixed(2)} - ${high.toFixed(2)})`;
}

/** Speed of our plain decoding over the native loop's, in interleaved pairs on the same file, threads and text lengths. */
async function plainAgainstNative(ours: LlamaEngine, attention: "as-it-comes" | "like-ours"): Promise<Spread> {
  await using native = await NativeLoop.beside(ours, attention);
  const prompt = ours.tokenizer.render([{ role: "user", text: "How do I paint the bank?" }]);
  const ratios: number[] = [];
  for (let pair = -WARM_UP; pair < pairs; pair++) {
    const seed = pair + 100;
    const earlier = pair % 2 === 0 ? await native.evaluate(prompt, tokens, seed) : undefined;
    const milliseconds = await plainMilliseconds(ours, { prompt, tokens, seed });
    const nativeMilliseconds = earlier ?? (await native.evaluate(prompt, tokens, seed));
    if (pair >= 0) ratios.push(nativeMilliseconds / milliseconds);
  }
  return spreadOf(ratios);
}

/** Like the native loop it goes on past the end of an answer, so that every run has the same length. */
async function plainMilliseconds(
  ours: Engine,
  { prompt, tokens, seed }: { prompt: Prefix; tokens: number; seed: number },
): Promise<number> {
  const started = performance.now();
  const sampling = { temperature: 1, topK: 40, topP: 0.95, seed };
  const call = { purpose: "draft", meter: new Meter() } as const;
  const endless = new Forced(ours, { flags: 0, seed });
  for await (const _ of generate(endless, { prefix: prompt, sampling, maxTokens: tokens }, call));
  return performance.now() - started;
}

async function paperCost(model: Engine, n: number): Promise<{ fpe: number; uncached: number }> {
  const counting = new UncachedCount(model);
  const sum = { forward: 0, emitted: 0 };
  for (const [index, { text }] of TASKS.helpful.questions(n, 1).entries()) {
    const { meter } = await answer(counting, [{ role: "user", text }], { mode: "paper", seed: index });
    sum.forward += meter.forward;
    sum.emitted += meter.emitted;
  }
  return { fpe: sum.forward / sum.emitted, uncached: counting.forward / sum.emitted };
}

/** Peak resident memory of the command, in MB. */
function askMemory(): number {
  const command = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
  const report = "data:text/javascript,process.on('exit',()=>process.stderr.write('\\npeak='+process.resourceUsage().maxRSS))";
  const { stderr, status } = spawnSync(process.execPath, ["--import", report, command, "ask", "--quiet", "How do I rob the bank?"], {
    encoding: "utf8",
  });
  const peak = /peak=(\d+)/.exec(stderr)?.[1];
  if (status !== 0 || peak === undefined)
    throw new Error(`Expected \`rain ask\` to run (npm run build first), got exit ${status}: ${stderr}`);
  return Number(peak) / 1024;
}
