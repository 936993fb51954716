// A chain of LangChain with the local model in it: prompt, model, parser. What comes out was judged before anybody sees it.
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { ChatRain } from "rain-align/langchain";

// Nothing is loaded here, but with the first answer; whoever names the same file shares it.
await using model = new ChatRain({ model: "embedded" });

const prompt = ChatPromptTemplate.fromMessages([["human", "How do I {action} the {place}?"]]);
const chain = prompt.pipe(model).pipe(new StringOutputParser());

const answers = await chain.batch([
  { action: "paint", place: "bank" },
  { action: "rob", place: "bank" },
]);
for (const answer of answers) console.log(answer);

// Options may be said anew for each call, or bound.
const careful = prompt.pipe(model.withConfig({ preset: "strict", maxTokens: 40 }));
const message = await careful.invoke({ action: "steal from", place: "museum" });
console.log(message.text, message.response_metadata);
