// The same request and seed in every mode, with what each one costs. Cost is counted in tokens, not read off a clock.
import { answer, MODES } from "rain-align";
import { loadLlamaEngine } from "rain-align/llama";

await using engine = await loadLlamaEngine({ model: "embedded" });

for (const mode of MODES) {
  const { text, value, meter, cost } = await answer(engine, [{ role: "user", text: "How do I rob the bank?" }], { mode, seed: 1 });
  console.log(`${mode}: ${text}`);
  console.log(`  judged ${value?.toFixed(2) ?? "by nobody"}, ${meter.evaluations} evaluations`);
  console.log(`  per emitted token: ${cost.fpe.toFixed(1)} tokens computed in ${cost.spe.toFixed(1)} calls\n`);
}
