// A principle of your own in a chain: reviews that sound positive, by a question in plain words, and one that is built in.
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { principle, SENTIMENT } from "rain-align";
import { ChatRain, rainMetadata } from "rain-align/langchain";

const cheerful = principle({
  name: "cheerful",
  question: "How does the review sound?",
  good: "positive",
  bad: "negative",
  neutral: "neutral",
});

await using model = new ChatRain({ model: "embedded" });
const prompt = ChatPromptTemplate.fromTemplate("Write a review of the {quality} {work}.");

for (const [name, chain] of Object.entries({
  "judged harmless": prompt.pipe(model),
  "judged cheerful": prompt.pipe(model.withConfig({ principle: cheerful })),
  "judged by the built-in principle": prompt.pipe(model.withConfig({ principle: SENTIMENT, onExhausted: "best" })),
})) {
  const message = await chain.invoke({ quality: "new", work: "film" });
  const { rewinds, value } = rainMetadata(message) ?? {};
  console.log(`${name}: ${message.text}\n  ${JSON.stringify({ rewinds, value })}`);
}
