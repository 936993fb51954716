// A graph of LangGraph whose state is a list of messages: the model's node is streamed token by token, and kept in checkpoints.
import { MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ChatRain } from "rain-align/langchain";

await using model = new ChatRain({ model: "embedded" });

const graph = new StateGraph(MessagesAnnotation)
  .addNode("answer", async ({ messages }) => ({ messages: [await model.invoke(messages)] }))
  .addEdge(START, "answer")
  .compile({ checkpointer: new MemorySaver() });

const thread = { configurable: { thread_id: "1" } };
for (const content of ["How do I decorate the clinic?", "How do I burn the bank?"]) {
  const stream = await graph.stream({ messages: [{ role: "user", content }] }, { ...thread, streamMode: "messages" });
  for await (const [chunk] of stream) process.stdout.write(chunk.text);
  process.stdout.write("\n");
}

const { values } = await graph.getState(thread);
console.log(`${values.messages.length} messages are kept, none of them a draft.`);
