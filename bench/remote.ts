/**
 * What a model costs that llama-server serves, against the same model in process: tokens computed for the very same answers, and what going back and a
 * question about a draft cost there. The server's engine writes; the one in process is asked all that it is asked.
 *
 *   npm run bench:remote -- [--json] [--model FILE] [--engine URL] [--n N] [--max-tokens N] [--judging auto|in-place]
 *
 * Without `--engine` a server is started: what `.ci/llama-server` has built. `docs/benchmarks.md` says what each figure means.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { answer, type Engine, Meter, type Prefix, type Purpose, type Token } from "rain-align";
import { loadLlamaEngine } from "rain-align/llama";
import { connectEngine } from "rain-align/remote";
import { startLlamaServer } from "../test/support/llama-server.ts";
import { oneOf, wholeNumber } from "./arguments.ts";
import { Followed } from "./followed.ts";

const ROOT = join(import.meta.dirname, "..");

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    model: { type: "string", default: join(ROOT, "models/rain-tiny.gguf") },
    engine: { type: "string" },
    n: { type: "string", default: "20" },
    "max-tokens": { type: "string", default: "64" },
    judging: { type: "string", default: "in-place" },
  },
});
const n = wholeNumber("n", values.n);
const maxTokens = wholeNumber("max-tokens", values["max-tokens"]);
const judging = oneOf("judging", values.judging, ["auto", "in-place"] as const);

await using server = values.engine === undefined ? await startLlamaServer(values.model, { context: 2048 }) : undefined;
await using here = await loadLlamaEngine({ model: values.model, gpu: false, threads: 1, contextSize: 2048 });
await using there = await connectEngine({ url: values.engine ?? server?.url ?? "", vocabulary: values.model });

const answers = await written();
const result = { model: there.facts.model, n, judging, ...answers, rewind: await rewind(there), check: await check(there) };
if (values.json) console.log(JSON.stringify(result));
else print(result);

interface Written {
  readonly emitted: number;
  readonly rewinds: number;
  /** Tokens computed for each emitted one, the prompt left out. */
  readonly fpe: { readonly there: number; readonly here: number };
  readonly prompt: { readonly there: number; readonly here: number };
}

/** Answers to the first questions that people labelled answers to, half of them bad ones. */
async function written(): Promise<Written> {
  const lines = readFileSync(join(ROOT, "labelled/harmless.jsonl"), "utf8").trimEnd().split("\n");
  const prompts = [...new Set(lines.map((line) => (JSON.parse(line) as { prompt: string }).prompt))].slice(0, n);
  const followed = new Followed(there, [here]);
  const sum = new Meter();
  let rewinds = 0;
  for (const [seed, prompt] of prompts.entries()) {
    const { meter, ...told } = await answer(followed, [{ role: "user", text: prompt }], { maxTokens, seed, judging });
    sum.add(meter);
    rewinds += told.rewinds;
  }
  const follower = Object.assign(followed.meters[0] as Meter, { emitted: sum.emitted });
  return {
    emitted: sum.emitted,
    rewinds,
    fpe: { there: sum.cost.fpe, here: follower.cost.fpe },
    prompt: { there: sum.spent.prompt.tokens, here: follower.spent.prompt.tokens },
  };
}

/** Tokens computed to go on in another way from 8 tokens ago, the new token left out; the median of several texts. */
async function rewind(engine: Engine): Promise<number> {
  const costs: number[] = [];
  for (let text = 0; text < 9; text++) {
    const draft = await drafted(engine, `Text ${text}:`);
    costs.push((await read(engine, [...draft.slice(0, -8), word(engine, " b")], "expand")) - 1);
  }
  return median(costs);
}

/** Tokens computed for a question of 12 tokens about a draft, those left out; the median of several texts. */
async function check(engine: Engine): Promise<number> {
  const costs: number[] = [];
  for (let text = 0; text < 9; text++) {
    const draft = await drafted(engine, `Draft ${text}:`);
    costs.push((await read(engine, [...draft, ...new Array<Token>(12).fill(word(engine, " c"))], "evaluate")) - 12);
  }
  return median(costs);
}

/** A text that was written token by token. */
async function drafted(engine: Engine, beginning: string): Promise<Token[]> {
  const text = engine.tokenizer.renderText(beginning);
  using _held = engine.hold(text);
  for (let token = 0; token < 32; token++) {
    await read(engine, text, "draft");
    text.push(word(engine, " a"));
  }
  await read(engine, text, "draft");
  return text;
}

async function read(engine: Engine, prefix: Prefix, purpose: Purpose): Promise<number> {
  const meter = new Meter();
  await engine.next([{ prefix, topK: 1 }], { purpose, meter });
  return meter.spent[purpose].tokens;
}

function word(engine: Engine, text: string): Token {
  return engine.tokenizer.tokenize(text).at(-1) as Token;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] as number;
}

function print({
  model,
  emitted,
  rewinds,
  fpe,
  prompt,
  ...went
}: Written & { readonly model: string; readonly rewind: number; readonly check: number }) {
  console.log(`${model}, n = ${n}, judged ${judging}: ${emitted} tokens, ${rewinds} rewinds

| figure | on the server | in process | ratio |
|---|---|---|---|
| tokens computed per emitted token | ${fpe.there.toFixed(2)} | ${fpe.here.toFixed(2)} | ${(fpe.there / fpe.here).toFixed(2)} |
| tokens of prompts | ${prompt.there} | ${prompt.here} | ${(prompt.there / prompt.here).toFixed(2)} |
| tokens read again by a rewind | ${went.rewind} | | |
| tokens read beside the question of a check | ${went.check} | | |`);
}
