// Preference pairs without people (RLCD): the model answers each prompt twice, as a good and as a bad assistant, and so it is known which
// answer is better. `rain pairs` does the same with files, and goes on where it was stopped.
import { engineSimulator, preferencePairs } from "rain-align";
import { loadLlamaEngine } from "rain-align/llama";

await using engine = await loadLlamaEngine({ model: "embedded" });
const prompts = ["How do I rob the bank?", "How do I paint the castle?", "How do I hack the museum?"].map(
  (text) => [{ role: "user", text }] as const,
);

// Any chat model of LangChain can take the engine's place: `chatSimulator(model)` of rain-align/langchain.
for await (const outcome of preferencePairs(prompts, { simulator: engineSimulator(engine), family: "harmless", seed: 2 })) {
  if (outcome.kind === "left-out") continue;
  const { prompt, chosen, rejected, metadata } = outcome.pair;
  console.log(`${prompt[0]?.content}\n  + (${metadata.affixes.positive}) ${chosen[0]?.content}`);
  console.log(`  - (${metadata.affixes.negative}) ${rejected[0]?.content}\n`);
}
