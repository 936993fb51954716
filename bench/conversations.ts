/**
 * How much of all prompts is found in a cache when people go on with their conversations, and where their requests went, by the usage that answers tell:
 *
 *   npm run bench:conversations -- --url URL [--worker URL ...] [--n 16] [--turns 6] [--at-once 4] [--json]
 *
 * `--url`: `rain serve`, or a router in front of several; `--worker`: those, whose metrics are asked how many requests each has had.
 */
import { parseArgs } from "node:util";
import { wholeNumber } from "./arguments.ts";

const { values } = parseArgs({
  options: {
    url: { type: "string" },
    worker: { type: "string", multiple: true, default: [] },
    n: { type: "string", default: "16" },
    turns: { type: "string", default: "6" },
    "at-once": { type: "string", default: "4" },
    json: { type: "boolean", default: false },
  },
});
const { url, worker: workers } = values;
if (url === undefined) throw new RangeError("Expected `--url` to be the address of a server, got nothing");
const [n, turns, atOnce] = [wholeNumber("n", values.n), wholeNumber("turns", values.turns), wholeNumber("at-once", values["at-once"])];

interface Completion {
  readonly choices: readonly { readonly message: { readonly content: string } }[];
  readonly usage: { readonly prompt_tokens: number; readonly prompt_tokens_details: { readonly cached_tokens: number } };
}

const TOPICS = [
  "a garden",
  "a journey by train",
  "a birthday",
  "bread",
  "the moon",
  "a first bicycle",
  "a small library",
  "learning to swim",
];
const sum = { requests: 0, prompt: 0, cached: 0, failed: 0 };
const before = await Promise.all(workers.map(requestsOf));
const left = Array.from({ length: n }, (_, index) => index);
await Promise.all(Array.from({ length: atOnce }, talkOn));
const after = await Promise.all(workers.map(requestsOf));
const report = {
  ...sum,
  cachedShare: sum.cached / sum.prompt,
  byWorker: after.map((requests, index) => requests - (before[index] ?? 0)),
};
console.log(JSON.stringify(report, undefined, values.json ? 2 : undefined));

/** One conversation after the other, as long as there are any. */
async function talkOn(): Promise<void> {
  for (let number = left.shift(); number !== undefined; number = left.shift()) await talk(number);
}

async function talk(number: number): Promise<void> {
  const topic = TOPICS[number % TOPICS.length] as string;
  const messages = [{ role: "system", content: `You talk with person ${number} about ${topic}, kindly and in short sentences.` }];
  for (let turn = 0; turn < turns; turn++) {
    messages.push({
      role: "user",
      content: turn === 0 ? `Tell me something about ${topic}.` : `And what else? This is question ${turn + 1}.`,
    });
    const response = await fetch(`${url}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "rain", messages, max_tokens: 40, seed: number }),
    });
    sum.requests++;
    if (!response.ok) {
      sum.failed++;
      return;
    }
    const { choices, usage } = (await response.json()) as Completion;
    sum.prompt += usage.prompt_tokens;
    sum.cached += usage.prompt_tokens_details.cached_tokens;
    messages.push({ role: "assistant", content: choices[0]?.message.content ?? "" });
  }
}

async function requestsOf(worker: string): Promise<number> {
  const text = await (await fetch(`${worker}/metrics`)).text();
  const counts = [...text.matchAll(/^rain_requests_total\{[^}]*\} (\d+)$/gm)];
  return counts.reduce((all, [, count]) => all + Number(count), 0);
}
