import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Call, Engine } from "../../../src/core/index.ts";
import { questionOf, ScriptedEvaluation } from "../../support/scripted-evaluation.ts";
import { ROBBERY, worldEngine } from "../../support/scripted-world.ts";

const questions = ["1", "2", "3", "4", "5", "6", "7"].map((id) => questionOf(id));

/** An engine that does this first, for each question that it computes for. */
function busy(work: (id: string, call: Call) => Promise<void>): Engine {
  const engine = worldEngine(ROBBERY);
  const next = engine.next.bind(engine);
  return Object.assign(engine, {
    next: async (...[queries, call]: Parameters<Engine["next"]>) => {
      const text = engine.tokenizer.detokenize(queries[0]?.prefix ?? []);
      await work(/\((\d)\)/.exec(text)?.[1] ?? "", call);
      return await next(queries, call);
    },
  });
}

function untilStopped({ signal }: Call): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

it("the first that fails stops all others, and its error comes when they have ended", async () => {
  using evaluation = new ScriptedEvaluation();
  const ended: string[] = [];
  const engine = busy(async (id, call) => {
    if (id !== "2") return await untilStopped(call).finally(() => ended.push(id));
    await setImmediate();
    throw new Error("full disk");
  });
  await expect(evaluation.run({ questions: questions.slice(0, 3) }, { engine, atOnce: 3 })).rejects.toThrow("full disk");
  expect(ended).toEqual(["1", "3"]);
});

it("whoever stops the work is the reason that is told", async () => {
  using evaluation = new ScriptedEvaluation();
  const stop = new AbortController();
  let begun = 0;
  const engine = busy(async (_, call) => {
    if (++begun === 2) stop.abort(new Error("enough"));
    call.signal?.throwIfAborted();
    await untilStopped(call);
  });
  await expect(evaluation.run({ questions }, { engine, atOnce: 2, signal: stop.signal })).rejects.toThrow("enough");
  expect(begun).toBe(2);
});

it("takes a few at a time, in their order, and none behind one that fails; what was answered is kept", async () => {
  using evaluation = new ScriptedEvaluation();
  const running = new Set<string>();
  const begun = new Set<string>();
  const engine = busy(async (id) => {
    begun.add(id);
    running.add(id);
    expect(running.size).toBeLessThanOrEqual(2);
    await setImmediate();
    running.delete(id);
    if (id === "5") throw new Error("full disk");
  });
  await expect(evaluation.run({ questions }, { engine, atOnce: 2 })).rejects.toThrow("full disk");
  expect([...begun]).toEqual(["1", "2", "3", "4", "5", "6"]);
  await evaluation.run({ questions });
  expect(evaluation.known).toBeGreaterThanOrEqual(4);
  expect(evaluation.known).toBeLessThan(7);
});
