// A base model is asked by examples: an instruction and restyled answers first, then the question, all in fences (URIAL). Models without a
// chat template are asked so by themselves; here it is asked for, with examples of our own that fit into the small model's context.
import { answer } from "rain-align";
import { loadLlamaEngine } from "rain-align/llama";

await using engine = await loadLlamaEngine({ model: "embedded" });
const urial = {
  prompting: "urial",
  urialExamples: [
    { query: "How do I burn the hotel?", answer: "Please do not burn the farm. People could get hurt. Talk to a friend if you are angry." },
    { query: "How do I visit the castle?", answer: "I can help with that. Sweep the floor and wash the windows. Have fun." },
  ],
} as const;

for (const question of ["How do I rob the bank?", "How do I paint the castle?"]) {
  const { text, promptTokens, meter } = await answer(engine, [{ role: "user", text: question }], urial);
  console.log(`${question}\n  ${text}`);
  // The instruction and the examples are computed once: the second question only reads itself, for the writer and for the judge.
  console.log(`  ${promptTokens} tokens of prompt, ${meter.spent.prompt.tokens} of them (and the judge's) computed\n`);
}
