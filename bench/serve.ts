/**
 * What the server costs beside the model: how much later an answer and its first judged text come over HTTP than in process, in pairs of the same seed whose question was read before,
 * asked from another thread, with the model's own time and without it, and beside how far two answers in process lie apart. And many clients at once, some of which read slowly or
 * hang up, in line or while they read: whether any answer is lost or another one than in process, whether memory grows, and whether keys take turns.
 *
 *   npm run bench:serve -- [--model M] [--pairs N] [--requests N] [--clients N] [--json]
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { rain, type Turn } from "rain-align";
import { loadLlamaEngine } from "rain-align/llama";
import { listen, rainApp } from "rain-align/server";
import { quantile } from "../src/evaluation/index.ts";
import { wholeNumber } from "./arguments.ts";
import { BusyWatch } from "./busy-watch.ts";
import { type Asking, ClientThread, type Latencies, overHttp, type Received } from "./serve-client.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "embedded" },
    pairs: { type: "string", default: "200" },
    requests: { type: "string", default: "10000" },
    clients: { type: "string", default: "200" },
    json: { type: "boolean", default: false },
  },
});

/** Keys of which one asks nine times as often as the other. */
const KEYS = ["greedy", "modest"] as const;

await using loaded = await loadLlamaEngine({ model: values.model });
const engine = new BusyWatch(loaded);
const app = rainApp(engine, { keys: KEYS, maxWaiting: wholeNumber("clients", values.clients) });
await using listening = await listen({ host: "127.0.0.1", port: 0 }, { isOpen: false });
listening.serve(app);

const question = (index: number) => `How do I paint house ${index}?`;

/** A request by this number. */
function asking(index: number, { key = KEYS[0], maxTokens = 32, ...habit }: Partial<Asking> = {}): Asking {
  const url = `http://127.0.0.1:${listening.port}/v1/chat/completions`;
  return { url, key, question: question(index), seed: index, maxTokens, ...habit };
}

async function inProcess(index: number, maxTokens = 32): Promise<Received & { readonly before: number }> {
  const turns: readonly Turn[] = [{ role: "user", text: question(index) }];
  const start = performance.now();
  let first: { readonly first: number; readonly before: number } | undefined;
  let text = "";
  for await (const step of rain(engine, turns, { seed: index, maxTokens, onUnfit: "refuse" })) {
    if (step.text !== "") first ??= { first: performance.now() - start, before: engine.periods.length };
    text += step.text;
  }
  return { first: 0, before: 0, ...first, whole: performance.now() - start, text };
}

/** What one answer took, and for how long the model computed for it. */
interface Taken extends Received {
  readonly periods: readonly number[];
  /** In process, how many of these stand before the first judged text. */
  readonly before?: number;
}

/** One answer at a time. */
async function timed<Answer extends Received>(answer: () => Promise<Answer>): Promise<Answer & Taken> {
  engine.periods = [];
  const answered = await answer();
  return { ...answered, periods: engine.periods };
}

/** A server of Node's that only sends, whatever is asked: what an exchange costs that does nothing. */
async function bareServer() {
  const event = (content: string) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;
  const server = createServer((request, response) => {
    request.resume().once("end", () => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(event("A"));
      response.end(`${event("n answer.")}data: [DONE]\n\n`);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    [Symbol.dispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Of pairs of the same seed, how much later over HTTP, and the second of two in process: milliseconds. */
async function ownCost(pairs: number) {
  await using client = new ClientThread();
  using sender = await bareServer();
  const http: Later[] = [];
  const again: Later[] = [];
  const bare: Latencies[] = [];
  let identical = 0;
  for (let index = -20; index < pairs; index++) {
    const one = () => timed(() => inProcess(index + 1000));
    // Whoever comes second would find the question in the cache.
    await one();
    const earlier = index % 2 === 0 ? await one() : undefined;
    const other = await timed(() => client.ask(asking(index + 1000)));
    const library = earlier ?? (await one());
    const same = await one();
    const exchange = await client.ask(asking(index + 1000, { url: sender.url }));
    if (index < 0) continue;
    bare.push(exchange);
    if (other.text === library.text) identical++;
    http.push(later(other, library));
    again.push(later(same, library));
  }
  const exchange = { first: spreadOf(bare, ({ first }) => first), whole: spreadOf(bare, ({ whole }) => whole) };
  return { pairs, identical, http: spreads(http), again: spreads(again), exchange };
}

interface Later extends Latencies {
  /** Without the model's own time. */
  readonly outside: Latencies;
}

/** What is outside the model ends where the library has its first text: what it computes while a text is under way is no part of it. */
function later(one: Taken, library: Taken): Later {
  const between = (left: Latencies, right: Latencies) => ({ first: left.first - right.first, whole: left.whole - right.whole });
  const outside = ({ first, whole, periods }: Taken) => ({
    first: first - sum(periods.slice(0, library.before)),
    whole: whole - sum(periods),
  });
  return { ...between(one, library), outside: between(outside(one), outside(library)) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function spreads(pairs: readonly Later[]) {
  return {
    first: spreadOf(pairs, ({ first }) => first),
    whole: spreadOf(pairs, ({ whole }) => whole),
    outside: { first: spreadOf(pairs, ({ outside }) => outside.first), whole: spreadOf(pairs, ({ outside }) => outside.whole) },
  };
}

function spreadOf<Item>(items: readonly Item[], of: (item: Item) => number) {
  const sorted = items.map(of).toSorted((left, right) => left - right);
  return { median: quantile(sorted, 0.5), p95: quantile(sorted, 0.95) };
}

/** Clients that ask one request after the other, until all are asked. */
async function manyClients(requests: number, clients: number) {
  const waits: Record<string, number[]> = { greedy: [], modest: [] };
  const memory: number[] = [memoryNow()];
  const failures = new Set<string>();
  let others = 0;
  let asked = 0;
  let answered = 0;
  let hungUp = 0;
  let failed = 0;
  const client = async (number: number) => {
    const key = KEYS[number % 10 === 0 ? 1 : 0];
    while (asked < requests) {
      const index = asked++;
      if (index % Math.ceil(requests / 20) === 0) memory.push(memoryNow());
      try {
        const taken = await overHttp(asking(index, { key, maxTokens: 4, ...habitOf(index) }));
        if (taken === undefined) hungUp++;
        else {
          answered++;
          waits[key]?.push(taken.first);
          if (index % 100 === 7 && taken.text !== (await inProcess(index, 4)).text) others++;
        }
      } catch (error) {
        failed++;
        failures.add(String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
  memory.push(memoryNow());
  const median = (key: string) => {
    const sorted = (waits[key] ?? []).toSorted((left, right) => left - right);
    return sorted.length === 0 ? Number.NaN : quantile(sorted, 0.5);
  };
  const at = (share: number) => memory[Math.round(share * (memory.length - 1))] as number;
  return {
    requests,
    clients,
    answered,
    hungUp,
    failed,
    failures: [...failures],
    others,
    pending: app.pending,
    megabytes: { before: at(0), quarter: at(0.25), half: at(0.5), end: at(1) },
    firstTextMs: { greedy: median("greedy"), modest: median("modest") },
  };
}

/** One client in twenty reads slowly, one leaves while it reads, one while it waits. */
function habitOf(index: number): Partial<Asking> {
  const habits: readonly Partial<Asking>[] = [
    { slowness: 20 },
    { hangsUpBehind: (index * 37) % 900 },
    { leavesAfter: (index * 37) % 1000 },
  ];
  return habits[index % 20] ?? {};
}

/** Megabytes of the whole process, the clients among them. */
function memoryNow(): number {
  globalThis.gc?.();
  return process.memoryUsage().rss / 2 ** 20;
}

const cost = await ownCost(wholeNumber("pairs", values.pairs));
const load = await manyClients(wholeNumber("requests", values.requests), wholeNumber("clients", values.clients));
if (values.json) process.stdout.write(`${JSON.stringify({ model: engine.facts.model, cost, load })}\n`);
else {
  const ms = ({ median, p95 }: { readonly median: number; readonly p95: number }) => `${median.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`;
  process.stdout.write(`${engine.facts.model}

over HTTP against in process, ${cost.pairs} pairs of the same seed (${cost.identical} texts identical)
  first judged text later by ${ms(cost.http.first)}; without the model's own time by ${ms(cost.http.outside.first)}
  whole answer later by ${ms(cost.http.whole)}; without the model's own time by ${ms(cost.http.outside.whole)}
of that, an exchange with a server that only sends: first text behind ${ms(cost.exchange.first)}, whole behind ${ms(cost.exchange.whole)}
in process against in process once more
  first judged text later by ${ms(cost.again.first)}; without the model's own time by ${ms(cost.again.outside.first)}
  whole answer later by ${ms(cost.again.whole)}; without the model's own time by ${ms(cost.again.outside.whole)}
${load.clients} clients at once, ${load.requests} requests (1 in 20 reads slowly, 1 in 20 leaves while it reads, 1 in 20 while it waits)
  answered ${load.answered}, of which ${load.others} otherwise than in process (1 in 100 compared); hung up ${load.hungUp}, failed ${load.failed} ${load.failures.join("; ")}, left over ${load.pending}
  memory ${Object.entries(load.megabytes)
    .map(([when, size]) => `${size.toFixed(0)} MB (${when})`)
    .join(", ")}
  first text of a key with nine clients in ten behind ${load.firstTextMs.greedy.toFixed(0)} ms, of the other ${load.firstTextMs.modest.toFixed(0)} ms (medians)
`);
}
