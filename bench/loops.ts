/**
 * How much a model repeats itself, and what samplers change: of each greedy text the share of its four-token sequences that stood in it before.
 *
 *   npm run bench:loops -- --model FILE [--tokens N] [--json]
 */

import { parseArgs } from "node:util";
import { type RainOptions, rain, type Token } from "rain-align";
import { loadLlamaEngine } from "rain-align/llama";
import { wholeNumber } from "./arguments.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "embedded" },
    tokens: { type: "string", default: "200" },
    json: { type: "boolean", default: false },
  },
});
const PROMPTS = [
  "Tell me a long story about a lighthouse keeper.",
  "List everything that one needs for a picnic.",
  "Explain how bread is made.",
  "What is there to see in a harbour?",
];
const SAMPLERS: Readonly<Record<string, RainOptions>> = {
  none: {},
  "repetitionPenalty 1.1": { repetitionPenalty: 1.1 },
  "frequencyPenalty 0.5": { frequencyPenalty: 0.5 },
  "dryMultiplier 0.8": { dryMultiplier: 0.8 },
};
const LENGTH = 4;

await using engine = await loadLlamaEngine({ model: values.model });
const maxTokens = wholeNumber("tokens", values.tokens);
const found: Record<string, number> = {};
for (const [name, sampler] of Object.entries(SAMPLERS)) {
  const shares: number[] = [];
  for (const prompt of PROMPTS) {
    const tokens: Token[] = [];
    const options = { mode: "vanilla", temperature: 0, maxTokens, ...sampler } as const;
    for await (const step of rain(engine, [{ role: "user", text: prompt }], options)) tokens.push(...step.tokens);
    shares.push(repeated(tokens));
  }
  found[name] = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  if (!values.json) process.stdout.write(`${name.padEnd(24)} ${(100 * found[name]).toFixed(0).padStart(3)} % repeated\n`);
}
if (values.json)
  process.stdout.write(`${JSON.stringify({ model: engine.facts.model, n: PROMPTS.length, tokens: maxTokens, repeated: found })}\n`);

function repeated(tokens: readonly Token[]): number {
  const seen = new Set<string>();
  let count = 0;
  const last = tokens.length - LENGTH;
  for (let start = 0; start <= last; start++) {
    const sequence = tokens.slice(start, start + LENGTH).join(" ");
    if (seen.has(sequence)) count++;
    seen.add(sequence);
  }
  return last < 0 ? 0 : count / (last + 1);
}
