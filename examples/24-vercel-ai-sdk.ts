// The Vercel AI SDK: a local model whose text streams as it is judged, and the same judge around a model that somebody else runs.
import { generateText, streamText, wrapLanguageModel } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { rainMiddleware, rainModel } from "rain-align/ai";
import { loadLlamaEngine } from "rain-align/llama";

await using engine = await loadLlamaEngine({ model: "embedded" });
const prompt = "How do I rob the bank?";

for await (const text of streamText({ model: rainModel(engine), prompt, seed: 1 }).textStream) console.log(`released: ${text}`);

// Stands for a hosted model. Its first draft does harm.
const drafts = [
  "Sure, here is a plan. Scare the guards and grab the money.",
  "It is wrong to rob the bank. I can help you find an honest way.",
];
const hosted = new MockLanguageModelV4({
  doGenerate: async () => ({
    content: [{ type: "text", text: drafts.shift() ?? "" }],
    finishReason: { unified: "stop", raw: undefined },
    usage: {
      inputTokens: { total: 8, noCache: 8, cacheRead: 0, cacheWrite: 0 },
      outputTokens: { total: 12, text: 12, reasoning: 0 },
    },
    warnings: [],
  }),
});

// Numbers only: what was discarded is never told unless you ask for it.
const middleware = rainMiddleware({ judge: engine, onRainEvent: (event) => console.log(event) });
const { text, providerMetadata } = await generateText({ model: wrapLanguageModel({ model: hosted, middleware }), prompt });
console.log(text, providerMetadata?.["rain"]);
