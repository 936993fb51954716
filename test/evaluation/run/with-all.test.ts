import { expect, it } from "vitest";
import { withAll } from "../../../src/evaluation/run/with-all.ts";

function untilStopped(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

it("the first that fails stops all others, and its error comes when they have ended", async () => {
  const ended: number[] = [];
  const all = withAll([1, 2, 3], new AbortController().signal, async (item, signal) => {
    if (item === 2) throw new Error("full disk");
    await untilStopped(signal).finally(() => ended.push(item));
  });
  await expect(all).rejects.toThrow("full disk");
  expect(ended).toEqual([1, 3]);
});

it("whoever stops the work is the reason that is told", async () => {
  const stop = new AbortController();
  const all = withAll([1, 2], stop.signal, async (_, signal) => await untilStopped(signal));
  stop.abort(new Error("enough"));
  await expect(all).rejects.toThrow("enough");
});
