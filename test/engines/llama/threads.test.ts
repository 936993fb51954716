import { describe, expect, it } from "vitest";
import { measureThreads, Threads, type Timed } from "../../../src/engines/llama/threads.ts";

/** A model that takes so many milliseconds for so many tokens on so many threads, by a clock of its own. */
function timedModel(milliseconds: (tokens: number, threads: number) => number, signal?: AbortSignal) {
  let now = 0;
  const llama = { maxThreads: 0 };
  const steps: { readonly tokens: number; readonly threads: number }[] = [];
  const sequence: Timed["sequence"] = {
    nextTokenIndex: 0,
    contextSize: 512,
    clearHistory: async () => undefined,
    controlledEvaluate: async ({ length }) => {
      steps.push({ tokens: length, threads: llama.maxThreads });
      now += milliseconds(length, llama.maxThreads);
      return [];
    },
  };
  return { timed: { llama, sequence, clock: () => now, signal }, steps };
}

describe("The number of threads", () => {
  it("is the one that is fastest for single tokens, and apart from that the one for batches", async () => {
    const { timed } = timedModel((tokens, threads) => (tokens === 1 ? 10 + threads : 60 / threads));
    expect(await measureThreads(timed, 4)).toEqual({ decode: 1, batch: 4 });
  });

  it("is chosen by the mean: what is fast mostly, and slow now and then, is slow", async () => {
    let step = 0;
    const { timed } = timedModel((_, threads) => (threads === 2 && ++step % 4 === 0 ? 25 : 10 / threads));
    expect((await measureThreads(timed, 2)).decode).toBe(1);
  });

  it("is the smaller one of two that are as good as equal", async () => {
    const { timed } = timedModel((_, threads) => (threads === 1 ? 10 : 9.8));
    expect(await measureThreads(timed, 2)).toEqual({ decode: 1, batch: 1 });
  });

  it("is 1 for a model whose step is over before a second thread begins; nothing else is tried", async () => {
    const { timed, steps } = timedModel(() => 1);
    expect(await measureThreads(timed, 16)).toEqual({ decode: 1, batch: 1 });
    expect(steps).toEqual([
      { tokens: 1, threads: 1 },
      { tokens: 1, threads: 1 },
    ]);
  });

  it("is tried again only where it is not hopeless, and not for ever", async () => {
    const { timed, steps } = timedModel((tokens, threads) => tokens * (threads === 4 ? 500 : 5));
    await measureThreads(timed, 4);
    expect(steps.filter(({ threads }) => threads === 4)).toHaveLength(2);
    expect(steps.length).toBeLessThan(60);
  });

  it("may be one that is no power of two: as many as there are cores", async () => {
    const { timed, steps } = timedModel((_, threads) => 100 / threads);
    expect((await measureThreads(timed, 6)).decode).toBe(6);
    expect(new Set(steps.map(({ threads }) => threads))).toEqual(new Set([1, 2, 4, 6]));
  });

  it("is no longer looked for after an abort", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const { timed, steps } = timedModel(() => {
      if (steps.length === 5) controller.abort(reason);
      return 10;
    }, controller.signal);
    await expect(measureThreads(timed, 4)).rejects.toBe(reason);
    expect(steps).toHaveLength(5);
  });

  it("is set before each decode call, by how many tokens it computes", () => {
    const llama = { maxThreads: 0 };
    const threads = new Threads(llama, { decode: 1, batch: 4 });
    const chosen = [1, 5, 6, 512].map((tokens) => {
      threads.chooseFor(tokens);
      return llama.maxThreads;
    });
    expect(chosen).toEqual([1, 1, 4, 4]);
  });
});
