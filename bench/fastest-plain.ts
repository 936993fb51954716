import { availableParallelism } from "node:os";
import { type Engine, Meter, prime } from "rain-align";
import type { LlamaEngine } from "rain-align/llama";
import { Forced } from "./forced.ts";
import { median } from "./row.ts";
import { run } from "./run.ts";

/**
 * What is timed. A number of threads that takes so many times as long as the best one is out of the running: threads wait for busy cores.
 * Another number than the engine's own must be this much faster: of two that are equal, noise chooses, and now and then the one that is
 * slow when others use the machine.
 */
const PROBE = { warmUpTokens: 8, rounds: 12, tokens: 32, hopeless: 3, clearly: 0.97 } as const;
const TURNS = [{ role: "user", text: "How do I paint the bank?" }] as const;

/** Who decodes plainly at the highest speed, and how that was found out. Disposing it leaves the engine that was given as it is. */
export interface FastestPlain extends AsyncDisposable {
  readonly engine: LlamaEngine;
  /** Milliseconds for a token by number of threads: the median. Empty where there is no choice. */
  readonly milliseconds: ReadonlyMap<number, number>;
}

/**
 * A ratio to plain decoding is worth as much as the plain decoding is: so it is timed with 1, 2, 4 .. all threads, by turns, and the
 * fastest number decodes plainly from then on, whatever the engine has chosen for itself. Where a GPU computes, threads do not matter.
 */
export async function fastestPlain(engine: LlamaEngine, load: (threads: number) => Promise<LlamaEngine>): Promise<FastestPlain> {
  const own = engine.facts.threads.decode;
  const counts = engine.facts.gpu === false ? threadCounts(availableParallelism()) : [];
  const engines = new Map([[own, engine]]);
  for (const threads of counts) if (threads !== own) engines.set(threads, await load(threads));
  const milliseconds = engines.size === 1 ? new Map<number, number>() : await probe(engines);
  const took = (threads: number) => (milliseconds.get(threads) ?? 0) * (threads === own ? PROBE.clearly : 1);
  const fastest = [...engines.keys()].reduce((best, threads) => (took(threads) < took(best) ? threads : best));
  for (const [threads, one] of engines) if (threads !== own && threads !== fastest) await one[Symbol.asyncDispose]();
  const winner = engines.get(fastest) ?? engine;
  return {
    engine: winner,
    milliseconds,
    [Symbol.asyncDispose]: () => (winner === engine ? Promise.resolve() : winner[Symbol.asyncDispose]()),
  };
}

/** Milliseconds for a token by number of threads. The first round warms up; it also tells what is not worth a second one. */
async function probe(engines: ReadonlyMap<number, Engine>): Promise<Map<number, number>> {
  const milliseconds = new Map<number, number>();
  for (const [threads, engine] of engines)
    milliseconds.set(threads, await plainMilliseconds(engine, { tokens: PROBE.warmUpTokens, seed: 0 }));
  const most = PROBE.hopeless * Math.min(...milliseconds.values());
  const running = [...engines].flatMap(([threads, engine]) =>
    (milliseconds.get(threads) ?? 0) > most ? [] : [{ threads, engine, times: [] as number[] }],
  );
  for (let round = 1; round <= PROBE.rounds; round++) {
    for (const { engine, times } of running) times.push(await plainMilliseconds(engine, { tokens: PROBE.tokens, seed: round }));
  }
  for (const { threads, times } of running) milliseconds.set(threads, median(times));
  return milliseconds;
}

/** For a token of an answer whose prompt is in the cache. */
async function plainMilliseconds(engine: Engine, { tokens, seed }: { readonly tokens: number; readonly seed: number }): Promise<number> {
  await prime(engine, [engine.tokenizer.render(TURNS)], { purpose: "prompt", meter: new Meter() });
  const forced = new Forced(engine, { flags: 0, seed });
  const { milliseconds } = await run(forced, TURNS, { mode: "vanilla", maxTokens: tokens, seed });
  return milliseconds / tokens;
}

function threadCounts(most: number): number[] {
  const counts: number[] = [];
  for (let threads = 1; threads < most; threads *= 2) counts.push(threads);
  return [...counts, most];
}
