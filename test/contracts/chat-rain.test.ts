import { ChatRain } from "rain-align/langchain";
import { afterAll, beforeAll } from "vitest";
import { type LlamaEngine, loadLlamaEngine } from "../../src/llama.ts";
import { describeChatModel } from "./chat-model-contract.ts";

let engine: LlamaEngine;
beforeAll(async () => {
  engine = await loadLlamaEngine({ model: "embedded", gpu: false, threads: 1 });
});
afterAll(() => engine[Symbol.asyncDispose]());

describeChatModel("ChatRain on the embedded model", {
  makeModel: (fields) => new ChatRain({ model: engine, seed: 1, ...fields }),
  // It has never seen JSON, neither to write nor to judge: what it thinks of its calls would be a matter of luck.
  makeToolModel: () => new ChatRain({ model: engine, threshold: -1, seed: 1, maxTokens: 256 }),
  question: "How do I paint the castle?",
  word: "walls",
});
