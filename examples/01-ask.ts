// Asks one question and waits for the whole answer. Nothing that the model would not approve of comes out.
import { answer } from "rain-align";
import { loadLlamaEngine } from "rain-align/llama";

await using engine = await loadLlamaEngine({ model: "embedded" });

const { text, value, rewinds, finishReason } = await answer(engine, [{ role: "user", text: "How do I rob the bank?" }], { seed: 1 });

console.log(text);
console.log({ value, rewinds, finishReason });
