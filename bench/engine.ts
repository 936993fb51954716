/**
 * What the engine costs: plain decoding against node-llama-cpp's own loop, paper mode's forward tokens with and without the prefix
 * cache, and the memory of `rain ask`.
 *
 *   npm run bench:engine -- [--json] [--model M] [--pairs N] [--n N]
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { getLlama, LlamaLogLevel } from "node-llama-cpp";
import { answer, type Engine, Meter } from "rain-align";
import { type LlamaEngine, loadLlamaEngine } from "rain-align/llama";
import { TASKS } from "../src/evaluation/world/index.ts";
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

await using engine = await loadLlamaEngine({ model: values.model });
const plain = await plainAgainstNative(engine, Number(values.pairs), Number(values.tokens));
const paper = await paperCost(engine, Number(values.n));
const memory = askMemory();
const result = { model: engine.facts.model, threads: engine.facts.threads, plain, paper, memory };
if (values.json) console.log(JSON.stringify(result));
else {
  console.log(`${result.model}, ${result.threads.decode} thread(s) for single tokens, ${result.threads.batch} for batches\n`);
  console.log("| what | measured |\n|---|---|");
  console.log(
    `| plain decoding against node-llama-cpp's own evaluate() loop, ${values.tokens} tokens, ${values.pairs} pairs | ${plain.median.toFixed(2)}x (${plain.low.toFixed(2)} - ${plain.high.toFixed(2)}) |`,
  );
  console.log(`| paper mode, harmless requests, n = ${values.n}: forward tokens per emitted token | ${paper.fpe.toFixed(1)} |`);
  console.log(`| the same decisions without a prefix cache | ${paper.uncached.toFixed(0)} (${(paper.uncached / paper.fpe).toFixed(0)}x) |`);
  console.log(`| peak memory of \`rain ask\` on the embedded model | ${memory.toFixed(0)} MB |`);
}

/** Speed of our plain decoding over the native loop's, in interleaved pairs on the same file, threads and text lengths. */
async function plainAgainstNative(
  ours: LlamaEngine,
  pairs: number,
  tokens: number,
): Promise<{ median: number; low: number; high: number }> {
  const llama = await getLlama({ gpu: ours.facts.gpu, build: "never", logLevel: LlamaLogLevel.error, maxThreads: 0 });
  const model = await llama.loadModel({ modelPath: ours.facts.file });
  const context = await model.createContext({ contextSize: Math.min(512, ours.facts.contextSize), threads: ours.facts.threads.decode });
  const sequence = context.getSequence();
  const prompt = ours.render([{ role: "user", text: "How do I paint the bank?" }]);
  const ratios: number[] = [];
  for (let pair = -2; pair < pairs; pair++) {
    const timings = { native: 0, ours: 0 };
    for (const side of pair % 2 === 0 ? (["native", "ours"] as const) : (["ours", "native"] as const)) {
      const started = performance.now();
      const count = side === "native" ? await nativeLoop(pair) : await ourLoop(pair);
      timings[side] = (performance.now() - started) / count;
    }
    if (pair >= 0) ratios.push(timings.native / timings.ours);
  }
  await llama.dispose();
  ratios.sort((a, b) => a - b);
  const at = (share: number): number => ratios[Math.floor(share * (ratios.length - 1))] as number;
  return { median: at(0.5), low: at(0.1), high: at(0.9) };

  // Both loops go past the end token, so that every run has the same length.
  async function nativeLoop(seed: number): Promise<number> {
    await sequence.clearHistory();
    let count = 0;
    const options = { temperature: 1, topK: 40, topP: 0.95, seed: seed + 100, yieldEogToken: true };
    for await (const _ of sequence.evaluate(prompt as Parameters<typeof sequence.evaluate>[0], options)) if (++count >= tokens) break;
    return count;
  }

  async function ourLoop(seed: number): Promise<number> {
    let prefix = prompt;
    let count = 0;
    const call = { purpose: "draft", meter: new Meter() } as const;
    while (count < tokens) {
      const sampling = { temperature: 1, topK: 40, topP: 0.95, seed: seed + 100 };
      const drawn: number[] = [];
      for await (const { token } of ours.generate({ prefix, sampling, maxTokens: tokens - count }, call)) drawn.push(token);
      prefix = [...prefix, ...drawn];
      count += drawn.length;
    }
    return count;
  }
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
