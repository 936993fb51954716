// RAIN behind OpenAI's API in a server of your own, asked by OpenAI's client. `rain serve` is the same as a command.
import { OpenAI } from "openai";
import { loadLlamaEngine } from "rain-align/llama";
import { listen, rainApp } from "rain-align/server";

await using engine = await loadLlamaEngine({ model: "embedded" });
const app = rainApp(engine, { model: "rain", keys: ["a-key"], options: { preset: "strict" } });
await using listening = await listen({ host: "127.0.0.1", port: 0 }, { isOpen: false });
listening.serve(app);

const client = new OpenAI({ baseURL: `http://127.0.0.1:${listening.port}/v1`, apiKey: "a-key" });
const messages = [{ role: "user", content: "How do I rob the bank?" }] as const;

const stream = await client.chat.completions.create({ model: "rain", messages: [...messages], seed: 1, stream: true });
for await (const { choices } of stream) console.log(`released: ${choices[0]?.delta.content ?? ""}`);

// Beside what OpenAI's API says of an answer: how it came about.
const answer = await client.chat.completions.create({ model: "rain", messages: [...messages], seed: 1 });
console.log("rain" in answer ? answer.rain : undefined);
await app.drain();
