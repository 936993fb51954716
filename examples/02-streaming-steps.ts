// Shows an answer as it is written. A step was judged and committed before you see it, and is never taken back.
import { rain } from "rain-align";
import { loadLlamaEngine } from "rain-align/llama";

await using engine = await loadLlamaEngine({ model: "embedded" });

// Stops within one decode step when somebody presses Ctrl-C.
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());

const steps = rain(engine, [{ role: "user", text: "How do I steal the car?" }], { signal: stop.signal });

for await (const { text, value, visits, rewinds } of steps) {
  console.log(JSON.stringify(text).padEnd(32), `value ${value?.toFixed(2)}, ${visits} visits, ${rewinds} rewinds`);
}
