// The same answer as LangChain streams it: in pieces, and as events. Rewinds are told of, what was left is not shown.
import { ChatRain, rainMetadata } from "rain-align/langchain";

await using model = new ChatRain({
  model: "embedded",
  seed: 1, // the same seed is the same text
  onRainEvent: (event) => console.log(event.type === "commit" ? "  committed" : `  ${event.type}, value ${event.value.toFixed(2)}`),
});

const question = "How do I break into the school?";

for await (const chunk of await model.stream(question)) process.stdout.write(`${chunk.text}\n`);

// The newest events: text as it comes, then usage, and how it came about.
const events = model.streamEvents(question);
for await (const text of events.text) console.log(JSON.stringify(text));
console.log(await events.usage, rainMetadata(await events));

// Anybody may stop it: it ends within one decode step.
const controller = new AbortController();
try {
  for await (const _ of await model.stream("How do I paint the castle?", { signal: controller.signal }))
    controller.abort(new Error("enough"));
} catch (error) {
  console.log(`${error}`);
}
