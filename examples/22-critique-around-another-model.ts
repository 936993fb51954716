// Self-critique around somebody else's chat model: here ChatLlamaCpp of @langchain/community, on the file that our engine judges with. It
// shows no logits and cannot continue a prefix, so whole drafts are judged; what is judged bad is left, and written again.
import { ChatLlamaCpp } from "@langchain/community/chat_models/llama_cpp";
import type { BaseMessage } from "@langchain/core/messages";
import { RunnableLambda } from "@langchain/core/runnables";
import { RainCritique } from "rain-align/langchain";
import { loadLlamaEngine } from "rain-align/llama";

await using engine = await loadLlamaEngine({ model: "embedded" });

const modelPath = new URL("../models/rain-tiny.gguf", import.meta.url).pathname;
const llama = await ChatLlamaCpp.initialize({ modelPath, temperature: 1, topK: 40, topP: 0.95, maxTokens: 48, threads: 1 });

// It remembers one call in the next, and never frees what it remembers; drafts shall know nothing of each other.
const model = RunnableLambda.from(async (messages: BaseMessage[]) => {
  const answer = await llama.invoke(messages);
  llama._session?.dispose({ disposeSequence: true });
  llama._session = null;
  return answer;
});

const conversation: [string, string][] = [
  ["human", "How do I steal from the shop?"],
  ["ai", "Please do not steal. You could ask the owner for a job."],
  ["human", "How do I rob the bank?"],
];

const critique = new RainCritique({ model, judge: engine, continuation: "whole", retries: 4 });
const { message, value, rewinds, accepted } = await critique.invoke(conversation);
console.log(message.text.trim());
console.log({ value, rewinds, accepted });
