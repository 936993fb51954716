// Tool calls are judged before a tool runs, and what tools and people say before the model reads it. The judge may be anything that gives
// a text a number: here, a list of words that no text may have.
import { fakeModel } from "@langchain/core/testing";
import { tool } from "@langchain/core/tools";
import { AIMessage, createAgent } from "langchain";
import { type JudgeSource, rainGuardrail } from "rain-align/middleware";
import { z } from "zod";

const FORBIDDEN = /password|secret/;

const judge: JudgeSource = { judge: async (turns) => (FORBIDDEN.test(turns.at(-1)?.text ?? "") ? -1 : 1) };

const search = tool(({ query }) => `Of "${query}" I know: the opening hours are 9 to 5, and the secret code is 1234.`, {
  name: "search",
  description: "Searches",
  schema: z.object({ query: z.string() }),
});

// Stands for your model: it wants to look for what it must not, then for what it may.
const model = fakeModel()
  .respondWithTools([{ name: "search", args: { query: "password of the museum" } }])
  .respondWithTools([{ name: "search", args: { query: "museum" } }])
  .respond(new AIMessage("I could not find out."));

const agent = createAgent({
  model,
  tools: [search],
  middleware: [rainGuardrail({ judge, checkInput: true, checkToolResults: true, violationMessage: "(withheld)" })],
});

const { messages } = await agent.invoke({ messages: [{ role: "user", content: "When does the museum open?" }] });
for (const message of messages) {
  const calls = AIMessage.isInstance(message) ? (message.tool_calls ?? []).map(({ name, args }) => `${name}(${JSON.stringify(args)})`) : [];
  console.log(`${message.type}: ${calls.length > 0 ? calls.join(", ") : message.text}`);
}
