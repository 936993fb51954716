/**
 * What asking for several tokens at once brings behind a slow network: answers of a model that llama-server serves (or another one, by `--engine`),
 * with so many milliseconds of delay each way between here and there, for each `--ahead`. The texts have to be the same.
 *
 *   npm run bench:ahead -- [--json] [--model FILE] [--engine URL] [--n N] [--max-tokens N] [--mode vanilla|adaptive] [--ahead N ...] [--delay MS ...] [--temperature T ...]
 *
 * `docs/benchmarks.md` says what each figure means.
 */
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { Transform } from "node:stream";
import { parseArgs } from "node:util";
import { answer, Meter } from "rain-align";
import { connectEngine } from "rain-align/remote";
import { startLlamaServer } from "../test/support/llama-server.ts";
import { oneOf, wholeNumber } from "./arguments.ts";

const ROOT = join(import.meta.dirname, "..");

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    model: { type: "string", default: join(ROOT, "models/rain-tiny.gguf") },
    engine: { type: "string" },
    n: { type: "string", default: "6" },
    "max-tokens": { type: "string", default: "48" },
    mode: { type: "string", default: "vanilla" },
    ahead: { type: "string", multiple: true, default: ["1", "4", "8"] },
    delay: { type: "string", multiple: true, default: ["0", "10"] },
    temperature: { type: "string", multiple: true, default: ["0", "0.7", "1"] },
  },
});
const n = wholeNumber("n", values.n);
const maxTokens = wholeNumber("max-tokens", values["max-tokens"]);
const mode = oneOf("mode", values.mode, ["vanilla", "adaptive"] as const);

await using server = values.engine === undefined ? await startLlamaServer(values.model, { context: 2048 }) : undefined;
const url = new URL(values.engine ?? server?.url ?? "");
const rows: Row[] = [];
if (!values.json)
  console.log(`n = ${n}, ${maxTokens} tokens each, ${mode}

| delay each way | temperature | ahead | tokens a second | tokens a request | computed per emitted token | same texts |
|---|---|---|---|---|---|---|`);
for (const delay of values.delay.map(Number)) {
  await using proxy = await delayed(url, delay);
  for (const temperature of values.temperature.map(Number)) {
    let texts: readonly string[] | undefined;
    for (const ahead of values.ahead.map(Number)) {
      const { said, ...row } = await written(proxy.url, ahead, temperature);
      const told = { delay, temperature, ahead, ...row, same: said.filter((text, index) => text === (texts ?? said)[index]).length };
      rows.push(told);
      if (!values.json) tell(told);
      texts ??= said;
    }
  }
}
if (values.json) console.log(JSON.stringify({ n, maxTokens, mode, rows }));

interface Row {
  /** Each way, in milliseconds. */
  readonly delay: number;
  readonly temperature: number;
  readonly ahead: number;
  readonly perSecond: number;
  readonly perRequest: number;
  readonly fpe: number;
  /** Texts that are those of the first `ahead`. */
  readonly same: number;
}

/** Answers to the first questions that people labelled answers to. */
async function written(address: string, ahead: number, temperature: number) {
  await using engine = await connectEngine({ url: address, vocabulary: values.model, ahead });
  const lines = readFileSync(join(ROOT, "labelled/harmless.jsonl"), "utf8").trimEnd().split("\n");
  const prompts = [...new Set(lines.map((line) => (JSON.parse(line) as { prompt: string }).prompt))].slice(0, n);
  const sum = new Meter();
  const said: string[] = [];
  const start = performance.now();
  for (const [seed, prompt] of prompts.entries()) {
    const { meter, text } = await answer(engine, [{ role: "user", text: prompt }], { mode, maxTokens, seed, temperature });
    sum.add(meter);
    said.push(text);
  }
  const seconds = (performance.now() - start) / 1000;
  const { fpe, spe } = sum.cost;
  return { said, perSecond: sum.emitted / seconds, perRequest: 1 / spe, fpe };
}

/** The server as it is seen over a network: all that is sent arrives so many milliseconds later. */
async function delayed({ hostname, port }: URL, delay: number) {
  const later = () => new Transform({ transform: (piece, _, sent) => void setTimeout(() => sent(null, piece), delay) });
  const proxy = createServer((client) => {
    const there = connect({ host: hostname, port: Number(port) });
    for (const socket of [client, there]) socket.setNoDelay(true).on("error", () => [client, there].map((one) => one.destroy()));
    client.pipe(later()).pipe(there);
    there.pipe(later()).pipe(client);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  return { url: address, [Symbol.asyncDispose]: async () => void proxy.close() };
}

function tell({ delay, temperature, ahead, perSecond, perRequest, fpe, same }: Row): void {
  console.log(
    `| ${delay} ms | ${temperature} | ${ahead} | ${perSecond.toFixed(1)} | ${perRequest.toFixed(2)} | ${fpe.toFixed(2)} | ${same} of ${n} |`,
  );
}
