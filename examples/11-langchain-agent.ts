// An agent with tools on the local model. A call keeps its tool's schema, and is judged as a whole before it is made.
import { createAgent, createMiddleware, tool } from "langchain";
import { ChatRain } from "rain-align/langchain";
import { z } from "zod";

const legs = tool(({ animal }) => ({ robin: "two legs", cow: "four legs", bee: "six legs" })[animal], {
  name: "legs",
  description: "Says how many legs an animal has.",
  schema: z.object({ animal: z.enum(["robin", "cow", "bee"]) }),
});

// A real model decides itself whether to call. The embedded one has never heard of tools: it is told to at first, and then not to.
const callFirst = createMiddleware({
  name: "callFirst",
  wrapModelCall: (request, handler) => handler({ ...request, toolChoice: request.messages.length === 1 ? "required" : "none" }),
});

await using model = new ChatRain({ model: "embedded", threshold: -1, temperature: 0.3 });
const agent = createAgent({ model, tools: [legs], middleware: [callFirst] });

const { messages } = await agent.invoke({ messages: [{ role: "user", content: "How many legs does the cow have?" }] });
for (const message of messages) {
  const calls = "tool_calls" in message && Array.isArray(message.tool_calls) ? message.tool_calls : [];
  console.log(`${message.type}: ${message.text}${calls.map(({ name, args }) => `${name}(${JSON.stringify(args)})`).join(", ")}`);
}
