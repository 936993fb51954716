/**
 * Preference pairs: both answers of a prompt in one batch, against one after the other; of as many prompts at once as `rain pairs` works
 * on, and of one.
 *
 *   npm run bench:pairs -- [--json] [--model M ...] [--shape 135m|1b|8b ...] [--gpu none|auto|cuda|vulkan|metal] [--pairs N] [--tokens N]
 *
 * On a shape all answers are `--tokens` long; a model ends them itself. Without either: shape 135m and the embedded model.
 */
import { parseArgs } from "node:util";
import { promptsAtOnce } from "rain-align";
import { loadLlamaEngine } from "rain-align/llama";
import { oneOf, wholeNumber } from "./arguments.ts";
import { SHAPES, type ShapeName, shapedModel } from "./shapes.ts";
import { type SidesRow, sidesRow } from "./sides.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    model: { type: "string", multiple: true, default: [] },
    shape: { type: "string", multiple: true, default: [] },
    gpu: { type: "string", default: "none" },
    pairs: { type: "string", default: "12" },
    tokens: { type: "string", default: "100" },
  },
});
const lengths = { pairs: wholeNumber("pairs", values.pairs), tokens: wholeNumber("tokens", values.tokens) };
const gpuName = oneOf("gpu", values.gpu, ["none", "auto", "cuda", "vulkan", "metal"]);
const isDefault = values.model.length + values.shape.length === 0;
const shapes = (isDefault ? ["135m"] : values.shape).map((name) => oneOf("shape", name, Object.keys(SHAPES) as ShapeName[]));
const models = isDefault ? ["embedded"] : values.model;
const rows: (SidesRow & { readonly model: string })[] = [];

for (const name of shapes) await measure(shapedModel(SHAPES[name]), true);
for (const model of models) await measure(model, false);
if (values.json) console.log(JSON.stringify({ rows }));
else {
  console.log("| model | compared | prompts | ratio | 95 % interval | p95 | identical |\n| --- | --- | --- | --- | --- | --- | --- |");
  for (const { model, compares, prompts, ratio, low, high, p95, identical } of rows) {
    const interval = `${low.toFixed(2)} - ${high.toFixed(2)}`;
    console.log(
      `| ${model} | ${compares} | ${prompts} | ${ratio.toFixed(2)} | ${interval} | ${p95.toFixed(2)} | ${(100 * identical).toFixed(0)} % |`,
    );
  }
}

async function measure(model: string, isForced: boolean): Promise<void> {
  await using engine = await loadLlamaEngine({ model, gpu: gpuName === "none" ? false : gpuName });
  for (const atOnce of new Set([promptsAtOnce(engine), 1])) {
    rows.push({ model: engine.facts.model, ...(await sidesRow(engine, { ...lengths, atOnce, isForced })) });
  }
}
