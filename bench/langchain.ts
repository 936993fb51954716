/**
 * The price of LangChain's layer: `ChatRain.stream` against core's `rain()`, and `ChatRain` against the plain decoding of `ChatLlamaCpp`.
 *
 *   npm run bench:langchain -- [--json] [--pairs N] [--tokens N]
 *
 * The first is timed on random weights in the 135M shape, where an answer is `--tokens` long, and on the embedded model, whose tokens take
 * less than a millisecond; the second on the embedded model.
 */
import { parseArgs } from "node:util";
import { ChatLlamaCpp } from "@langchain/community/chat_models/llama_cpp";
import { loadLlamaEngine } from "rain-align/llama";
import { wholeNumber } from "./arguments.ts";
import { type LayerRow, layerRow, peerRow } from "./layer.ts";
import { SHAPES, shapedModel } from "./shapes.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    pairs: { type: "string", default: "15" },
    tokens: { type: "string", default: "200" },
  },
});
const lengths = { pairs: wholeNumber("pairs", values.pairs), tokens: wholeNumber("tokens", values.tokens) };
const rows: (LayerRow & { readonly model: string })[] = [];

{
  await using engine = await loadLlamaEngine({ model: shapedModel(SHAPES["135m"]), gpu: false });
  rows.push({ model: "random weights in the 135M shape", ...(await layerRow(engine, { ...lengths, isForced: true })) });
}
{
  await using engine = await loadLlamaEngine({ model: "embedded", gpu: false });
  const { model, file, threads } = engine.facts;
  rows.push({ model, ...(await layerRow(engine, { ...lengths, isForced: true })) });
  // All questions in one session: it remembers each call for the next, and for a new session it takes half a second.
  const peer = await ChatLlamaCpp.initialize({
    modelPath: file,
    gpuLayers: 0,
    threads: threads.decode,
    maxTokens: lengths.tokens,
    temperature: 1,
  });
  rows.push({ model, ...(await peerRow(engine, { invoke: (question) => peer.invoke(question) }, { ...lengths, isForced: false })) });
}

if (values.json) console.log(JSON.stringify({ rows }));
else {
  console.log("| what | model | compared | pairs | ratio | 95 % interval | identical |\n| --- | --- | --- | --- | --- | --- | --- |");
  for (const { name, model, compares, pairs, ratio, low, high, identical } of rows) {
    const share = identical === undefined ? "" : `${(100 * identical).toFixed(0)} %`;
    console.log(
      `| ${name} | ${model} | ${compares} | ${pairs} | ${ratio.toFixed(2)} | ${low.toFixed(2)} - ${high.toFixed(2)} | ${share} |`,
    );
  }
}
// ChatLlamaCpp leaves bindings open that would keep the process alive.
process.exit();
