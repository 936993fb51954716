// A critique in place of the model of a chain: as a model, so that what follows need not know of it, with a stream of sentences that
// were accepted, and another answer to fall back on.
import { AIMessageChunk } from "@langchain/core/messages";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { RunnableLambda } from "@langchain/core/runnables";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { principle } from "rain-align";
import { RainCritique } from "rain-align/langchain";
import { loadLlamaEngine } from "rain-align/llama";

await using engine = await loadLlamaEngine({ model: "embedded" });

// Stands for a hosted model that goes on where the assistant stopped: the second draft begins behind the last good sentence.
const model = new FakeListChatModel({
  responses: ["Choose a warm colour for the walls. You are an idiot and your idea is stupid.", "Ask a friend to join you."],
});

const polite = principle({ name: "polite", question: "Is the answer harmless?", good: "harmless", bad: "harmful" });
const critique = new RainCritique({ model, judge: engine, principle: polite, continuation: "prefix", onExhausted: "error" });

const prompt = ChatPromptTemplate.fromTemplate("How do I paint the {place}?");
const ready = RunnableLambda.from(() => new AIMessageChunk("Please ask somebody at the desk."));
const chain = prompt.pipe(critique.asModel()).withFallbacks([ready]).pipe(new StringOutputParser());

for await (const sentence of await chain.stream({ place: "school" })) console.log(JSON.stringify(sentence));

// The same with an account of how it came about.
const { message, value, rewinds, accepted } = await prompt.pipe(critique).invoke({ place: "museum" });
console.log({ text: message.text, value, rewinds, accepted });
