import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { withAll } from "../../../src/evaluation/run/work.ts";

function untilStopped(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

it("the first that fails stops all others, and its error comes when they have ended", async () => {
  const ended: number[] = [];
  const all = withAll([1, 2, 3], { atOnce: 3, signal: new AbortController().signal }, async (item, signal) => {
    if (item === 2) throw new Error("full disk");
    await untilStopped(signal).finally(() => ended.push(item));
  });
  await expect(all).rejects.toThrow("full disk");
  expect(ended).toEqual([1, 3]);
});

it("whoever stops the work is the reason that is told", async () => {
  const stop = new AbortController();
  const all = withAll([1, 2], { atOnce: 2, signal: stop.signal }, async (_, signal) => await untilStopped(signal));
  stop.abort(new Error("enough"));
  await expect(all).rejects.toThrow("enough");
});

it("takes a few at a time, in their order, and none behind one that fails", async () => {
  const running = new Set<number>();
  const begun: number[] = [];
  const all = withAll([1, 2, 3, 4, 5, 6, 7], { atOnce: 2, signal: new AbortController().signal }, async (item) => {
    running.add(item);
    begun.push(item);
    expect(running.size).toBeLessThanOrEqual(2);
    await setImmediate();
    running.delete(item);
    if (item === 5) throw new Error("full disk");
  });
  await expect(all).rejects.toThrow("full disk");
  expect(begun).toEqual([1, 2, 3, 4, 5, 6]);
});
