/**
 * How many answers are the same, byte for byte, when the same is asked of the same model again: of an engine that was just loaded (`fresh`), at once again (`warm`), after all
 * others (`after`), and, for modes that write token by token, read half and gone on with after another answer (`paused`). `adaptive` flags nothing here, and is compared with plain decoding.
 *
 *   npm run bench:determinism -- --model FILE [--n N] [--tokens N] [--ways plain,paper,...] [--deterministic] [--json]
 */

import { parseArgs } from "node:util";
import { letterJudge, type RainOptions, rain } from "rain-align";
import { type LlamaEngine, loadLlamaEngine } from "rain-align/llama";
import { someOf, wholeNumber } from "./arguments.ts";

/** What is asked. A threshold of -1 flags nothing; the judge's questions are asked all the same. */
const WAYS = {
  plain: { mode: "vanilla" },
  "adaptive-in-place": { mode: "adaptive", judging: "in-place", threshold: -1 },
  "adaptive-preamble": { mode: "adaptive", judging: "preamble", threshold: -1 },
  paper: { mode: "paper", judging: "preamble", maxIterations: 6 },
  "best-of-n": { mode: "best-of-n", judging: "preamble", bestOf: 4 },
} as const satisfies Readonly<Record<string, RainOptions>>;
type Way = keyof typeof WAYS;

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "embedded" },
    n: { type: "string", default: "20" },
    tokens: { type: "string", default: "40" },
    ways: { type: "string" },
    deterministic: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const SUBJECTS = ["bread", "a bicycle", "the moon", "an old clock", "tea", "a violin", "snow", "a harbour", "honey", "a garden"];
const QUESTIONS = ["Tell me something about", "How would you explain to a child what is special about"];
const PROMPTS = QUESTIONS.flatMap((question) => SUBJECTS.map((subject) => `${question} ${subject}.`)).slice(0, wholeNumber("n", values.n));
const maxTokens = wholeNumber("tokens", values.tokens);

/** Forward tokens computed for all answers, the reading of prompts included, and how many these were. */
const spent = { tokens: 0, answers: 0 };
const found: object[] = [];
for (const way of someOf("ways", values.ways?.split(","), Object.keys(WAYS) as Way[])) {
  const row = { way, ...(await compared(way)) };
  found.push(row);
  const shown = Object.entries(row).map(([name, value]) => `${name} ${value}`);
  if (!values.json) process.stdout.write(`${shown.join("  ")}\n`);
}
if (values.json) process.stdout.write(`${JSON.stringify({ model: values.model, n: PROMPTS.length, tokens: maxTokens, found })}\n`);

async function compared(way: Way): Promise<Record<string, number>> {
  const fresh = [];
  for (const [seed, text] of PROMPTS.entries()) {
    await using engine = await load();
    fresh.push(await said(engine, text, { ...WAYS[way], seed }));
  }
  await using engine = await load();
  const same = { of: PROMPTS.length, warm: 0, after: 0, paused: 0, plain: 0, computed: 0, ms: 0 };
  Object.assign(spent, { tokens: 0, answers: 0 });
  const begun = performance.now();
  for (const [seed, text] of PROMPTS.entries()) {
    await said(engine, text, { ...WAYS[way], seed });
    if ((await said(engine, text, { ...WAYS[way], seed })) === fresh[seed]) same.warm++;
  }
  for (const [seed, text] of PROMPTS.entries()) if ((await said(engine, text, { ...WAYS[way], seed })) === fresh[seed]) same.after++;
  same.ms = Math.round((performance.now() - begun) / spent.answers);
  same.computed = Math.round(spent.tokens / spent.answers);
  for (const [seed, text] of PROMPTS.entries()) {
    const other = PROMPTS[(seed + 1) % PROMPTS.length] as string;
    if ((await said(engine, text, { ...WAYS[way], seed }, () => said(engine, other, { ...WAYS[way], seed: 99 }))) === fresh[seed])
      same.paused++;
  }
  for (const [seed, text] of PROMPTS.entries()) if ((await said(engine, text, { ...WAYS.plain, seed })) === fresh[seed]) same.plain++;
  return same;
}

/** @param pause called once, halfway */
async function said(
  engine: LlamaEngine,
  text: string,
  options: RainOptions,
  pause = async (): Promise<unknown> => undefined,
): Promise<string> {
  const answering = rain(engine, [{ role: "user", text }], { judge: letterJudge, maxTokens, ...options });
  let written = 0;
  for (;;) {
    const { done, value } = await answering.next();
    if (done) {
      spent.tokens += value.meter.forward + value.meter.spent.prompt.tokens;
      spent.answers++;
      return value.text;
    }
    const isHalfBefore = written < maxTokens / 2;
    written += value.tokens.length;
    if (isHalfBefore && written >= maxTokens / 2) await pause();
  }
}

async function load(): Promise<LlamaEngine> {
  return await loadLlamaEngine({
    model: values.model,
    gpu: false,
    threads: 1,
    contextSize: 2048,
    sequences: 8,
    ...(values.deterministic ? { deterministic: true } : {}),
  });
}
