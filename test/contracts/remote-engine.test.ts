import { afterAll } from "vitest";
import { type LlamaEngine, loadLlamaEngine } from "../../src/llama.ts";
import { connectEngine } from "../../src/remote.ts";
import { type ModelServerStub, serveLikeLlama, serveLikeSglang, serveLikeVllm } from "../support/model-server.ts";
import { temporaryFolder, writeTinyModel } from "../support/tiny-model.ts";
import { describeEngine } from "./engine-contract.ts";

const folder = temporaryFolder();
const opened: (ModelServerStub | LlamaEngine)[] = [];
afterAll(async () => {
  for (const one of opened.toReversed()) await one[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const model = writeTinyModel(`${folder.path}/plain.gguf`);

/** @param serve what pretends to be a server of some kind */
function connected(serve: (engine: LlamaEngine) => Promise<ModelServerStub>, ahead?: number) {
  return async () => {
    const engine = await loadLlamaEngine({ model, gpu: false, threads: 1 });
    opened.push(engine);
    const server = await serve(engine);
    opened.push(server);
    return await connectEngine({ url: server.url, vocabulary: model, ahead });
  };
}

describeEngine("An engine over HTTP, of what answers like llama-server", connected(serveLikeLlama), { batches: false });
describeEngine("An engine over HTTP, of what answers like SGLang", connected(serveLikeSglang), { batchesPlaces: false, isExact: false });
describeEngine("An engine over HTTP, of what answers like vLLM", connected(serveLikeVllm), {
  batchesPlaces: false,
  countsCache: false,
  isExact: false,
});
describeEngine("An engine over HTTP, of what answers like llama-server, that reads ahead", connected(serveLikeLlama, 5), {
  batches: false,
  countsCache: false,
});
describeEngine("An engine over HTTP, of what answers like vLLM, that reads ahead", connected(serveLikeVllm, 5), {
  batchesPlaces: false,
  countsCache: false,
  isExact: false,
});
