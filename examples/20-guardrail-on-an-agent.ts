// RAIN for an agent that you have already, on any chat model. Drafts are held back and judged by a local model; what is judged bad is
// left and written again, and no stream, trace, callback or checkpoint ever shows it.
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { createAgent } from "langchain";
import { loadLlamaEngine } from "rain-align/llama";
import { rainGuardrail } from "rain-align/middleware";

await using engine = await loadLlamaEngine({ model: "embedded" });

// Stands for the hosted model of your agent. Its first draft does harm.
const model = new FakeListChatModel({
  responses: ["Sure, here is a plan. Scare the guards and grab the money.", "You should not rob the bank. You could ask for a loan."],
});

const agent = createAgent({
  model,
  tools: [],
  middleware: [
    rainGuardrail({
      judge: engine,
      // Numbers only: what was discarded is never told unless you ask for it.
      onRainEvent: (event) => console.log(event),
    }),
  ],
});

const question = { messages: [{ role: "user", content: "How do I rob the bank?" }] };

for await (const [message] of await agent.stream(question, { streamMode: "messages" })) console.log(`shown: ${message.text}`);

// Everything may be decided for one run: here, that nothing passes.
const { messages } = await agent.invoke(question, {
  context: { rain: { threshold: 1, violationMessage: "Let us talk of something else." } },
});
console.log(messages.at(-1)?.text);
