/**
 * What drafting by prompt lookup would bring: what was written last is looked for in the prompt, and what followed there is checked in one batch. By node-llama-cpp's own predictor, greedy, against the
 * same library without it, where an answer repeats its prompt: a passage that is asked about, and code that is to be changed a little.
 *
 *   npm run bench:lookup -- --model FILE [--tokens N] [--pairs N] [--pattern N] [--draft N] [--json]
 *
 * `--pattern`: tokens that have to be found; `--draft`: tokens that are then checked, at most. The prompt is read before either starts. `identical`: whether the same tokens came out, since a token of a batch has other last digits than one that is computed alone.
 */
import { parseArgs } from "node:util";
import { getLlama, InputLookupTokenPredictor, type LlamaContext, LlamaLogLevel, type Token as LlamaToken } from "node-llama-cpp";
import type { Turn } from "rain-align";
import { loadLlamaEngine } from "rain-align/llama";
import { wholeNumber } from "./arguments.ts";
import { spreadOf } from "./row.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    tokens: { type: "string", default: "96" },
    pairs: { type: "string", default: "3" },
    pattern: { type: "string", default: "2" },
    draft: { type: "string", default: "6" },
    json: { type: "boolean", default: false },
  },
});
if (values.model === undefined) throw new RangeError("Expected `--model` to be a GGUF file, got none");
const maxTokens = wholeNumber("tokens", values.tokens);
const pairs = wholeNumber("pairs", values.pairs);
const lookup = {
  patternLength: { min: wholeNumber("pattern", values.pattern) },
  predictionLength: { max: wholeNumber("draft", values.draft) },
};

const PASSAGE =
  "The lighthouse at Skerry Point was built in 1871 by the engineer Ada Thorne, after three ships were lost on the reef in one winter. It is 41 metres high, and its lamp was first lit with rape oil, " +
  "from 1906 with paraffin, and since 1958 with electricity. The last keeper, Tomas Reid, left it on 4 March 1987, and since then the lamp has been switched on from the harbour office in Callan Bay. " +
  "Visitors may climb its 196 steps on Saturdays from May to September; groups of more than eight have to write to the harbour office two weeks before.";
const CODE = `export function mean(numbers) {
  let total = 0;
  for (const number of numbers) {
    total += number;
  }
  return numbers.length === 0 ? 0 : total / numbers.length;
}

export function spread(numbers) {
  const middle = mean(numbers);
  let total = 0;
  for (const number of numbers) {
    total += (number - middle) * (number - middle);
  }
  return numbers.length === 0 ? 0 : Math.sqrt(total / numbers.length);
}`;
/** In the last kind nothing is to be repeated: what drafting costs in vain. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  "a passage": [
    `${PASSAGE}\n\nWhat was the lamp lit with, and when? Answer with the sentences of the text.`,
    `${PASSAGE}\n\nWho may climb the lighthouse, and when? Quote the text.`,
    `${PASSAGE}\n\nSay in three sentences what this text says.`,
  ],
  code: [
    `${CODE}\n\nWrite the same module with \`numbers\` renamed to \`values\`.`,
    `${CODE}\n\nWrite the same module in TypeScript, with types.`,
    `${CODE}\n\nAdd a comment above each function, and write the whole module.`,
  ],
  "nothing to repeat": ["Tell me about a day at the sea.", "Why is the sky blue?", "How do I bake bread?"],
};

interface Written {
  readonly tokens: readonly LlamaToken[];
  /** Of a token behind the first. */
  readonly milliseconds: number;
  readonly drafted: number;
  readonly taken: number;
}

await using engine = await loadLlamaEngine({ model: values.model, contextSize: 2048 });
const { facts, tokenizer } = engine;
const llama = await getLlama({ gpu: facts.gpu, build: "never", logLevel: LlamaLogLevel.disabled, maxThreads: 0 });
const model = await llama.loadModel({ modelPath: facts.file });
const context = await model.createContext({ contextSize: 2048, sequences: 1, threads: facts.threads.batch });
const promptOf = (text: string) => tokenizer.render([{ role: "user", text } satisfies Turn]) as unknown as readonly LlamaToken[];

const rows = [];
for (const [kind, prompts] of Object.entries(KINDS)) {
  const found: { readonly plain: Written; readonly drafted: Written }[] = [];
  for (let pair = -1; pair < pairs; pair++) {
    for (const prompt of prompts.map(promptOf)) {
      const earlier = pair % 2 === 0 ? await write(context, prompt) : undefined;
      const drafted = await write(context, prompt, new InputLookupTokenPredictor(lookup));
      const plain = earlier ?? (await write(context, prompt));
      if (pair >= 0) found.push({ plain, drafted });
    }
  }
  const sum = (of: (one: Written) => number) => found.reduce((total, { drafted }) => total + of(drafted), 0);
  rows.push({
    kind,
    answers: found.length,
    ...spreadOf(found.map(({ plain, drafted }) => drafted.milliseconds / plain.milliseconds)),
    drafted: sum(({ drafted }) => drafted) / sum(({ tokens }) => tokens.length),
    taken:
      sum(({ taken }) => taken) /
      Math.max(
        1,
        sum(({ drafted }) => drafted),
      ),
    identical: found.filter(({ plain, drafted }) => plain.tokens.join(" ") === drafted.tokens.join(" ")).length / found.length,
  });
}
await llama.dispose();
const round = (number: number) => Math.round(number * 100) / 100;
if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
else
  console.table(
    rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, typeof value === "number" ? round(value) : value])),
    ),
  );

async function write(from: LlamaContext, prompt: readonly LlamaToken[], tokenPredictor?: InputLookupTokenPredictor): Promise<Written> {
  const sequence = from.getSequence(tokenPredictor === undefined ? {} : { tokenPredictor });
  try {
    await sequence.evaluateWithoutGeneratingNewTokens(prompt.slice(0, -1));
    tokenPredictor?.updateInputTokens([...prompt]);
    const tokens: LlamaToken[] = [];
    let began = 0;
    for await (const token of sequence.evaluate(prompt.slice(-1), { temperature: 0, yieldEogToken: false })) {
      if (tokens.push(token) === 1) began = performance.now();
      if (tokens.length === maxTokens) break;
    }
    const milliseconds = (performance.now() - began) / Math.max(1, tokens.length - 1);
    const { validated, refuted } = sequence.tokenPredictions;
    return { tokens, milliseconds, drafted: validated + refuted, taken: validated };
  } finally {
    await sequence.dispose();
  }
}
