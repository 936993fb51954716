/**
 * Would it pay to go on drafting while the judge's verdict is computed? One round of either way, timed in interleaved pairs:
 *
 * - apart: the draft's next token is computed, then the question behind it, in place; then the next token.
 * - overlapped: the draft is copied to a second sequence, and the question there and the draft's next token are one batch.
 *
 *   npm run bench:overlap -- [--json] [--model M] [--shape 135m|1b|8b] [--gpu auto|cuda|vulkan|metal|none] [--pairs N] [--tokens N]
 *
 * The figure is what a check costs beside the tokens of the draft, in units of one decode step: below that of the other way it pays.
 */
import { parseArgs } from "node:util";
import type { LlamaContextSequence, Token as LlamaToken } from "node-llama-cpp";
import { loadLlamaParts } from "../src/engines/llama/load.ts";
import { copySequence } from "../src/engines/llama/slot.ts";
import { SHAPES, type ShapeName, shapedModel } from "./shapes.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    model: { type: "string" },
    shape: { type: "string", default: "135m" },
    gpu: { type: "string", default: "none" },
    pairs: { type: "string", default: "15" },
    tokens: { type: "string", default: "100" },
  },
});
const shape = SHAPES[values.shape as ShapeName];
if (shape === undefined)
  throw new RangeError(`Expected \`--shape\` to be one of ${Object.keys(SHAPES).join(", ")}, got \`${values.shape}\``);

/** As long as the short question about a built-in principle. */
const QUESTION = 8;

const parts = await loadLlamaParts({
  model: values.model ?? shapedModel(shape),
  gpu: values.gpu === "none" ? false : (values.gpu as "auto"),
  sequences: 2,
  contextSize: 512,
});
try {
  const { context, threads } = parts;
  const [draft, other] = [context.getSequence(), context.getSequence()];
  await compute(draft, Number(values.tokens));
  const costs = { apart: [] as number[], overlapped: [] as number[] };
  for (let pair = -2; pair < Number(values.pairs); pair++) {
    const step = await timed(() => compute(draft, 1));
    const apart = await timed(async () => {
      await compute(draft, QUESTION);
      await rewind(draft, QUESTION);
      await compute(draft, 1);
    });
    const overlapped = await timed(async () => {
      await copySequence(draft, other);
      threads.chooseFor(QUESTION + 1);
      await Promise.all([evaluate(other, QUESTION), evaluate(draft, 1)]);
    });
    await rewind(draft, 3);
    if (pair < 0) continue;
    costs.apart.push(apart / step - 1);
    costs.overlapped.push(overlapped / step - 1);
  }
  const result = { model: parts.file.name, gpu: parts.llama.gpu, apart: median(costs.apart), overlapped: median(costs.overlapped) };
  if (values.json) console.log(JSON.stringify(result));
  else
    console.log(
      `${result.model}: a check costs ${result.apart.toFixed(1)} decode steps apart, ${result.overlapped.toFixed(1)} overlapped (${values.pairs} pairs)`,
    );

  async function compute(sequence: LlamaContextSequence, tokens: number): Promise<void> {
    threads.chooseFor(tokens);
    await evaluate(sequence, tokens);
  }
} finally {
  await parts.llama.dispose();
}

async function evaluate(sequence: LlamaContextSequence, tokens: number): Promise<void> {
  await sequence.evaluateWithoutGeneratingNewTokens(Array.from({ length: tokens }, (_, index) => (index + 5) as LlamaToken));
}

async function rewind(sequence: LlamaContextSequence, tokens: number): Promise<void> {
  await sequence.eraseContextTokenRanges([{ start: sequence.nextTokenIndex - tokens, end: sequence.nextTokenIndex }]);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] as number;
}
