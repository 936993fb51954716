import fc from "fast-check";
import {
  AnswerQueue,
  answer,
  ContextFullError,
  type Engine,
  MODES,
  OptionError,
  type QueuedOptions,
  QueueFullError,
  type Turn,
} from "rain-align";
import { describe, expect, it } from "vitest";
import { randomWorld } from "../support/random-world.ts";
import { ASK, worldEngine } from "../support/scripted-world.ts";
import { watchedEngine } from "../support/watched-engine.ts";

/** Somebody's wish, and what may become of it. */
interface Wish {
  readonly key: string;
  readonly seed: number;
  readonly mode: QueuedOptions["mode"] & string;
  /** `long`: the conversation does not fit. `throws`: the reader's own callback fails. */
  readonly fault: "none" | "long" | "throws";
  /** The engine's call at which it is aborted, counted over all wishes. */
  readonly abortAt: number | undefined;
}

const wish = fc.record({
  key: fc.constantFrom("ann", "bob", "cleo"),
  seed: fc.nat(),
  mode: fc.constantFrom(...MODES),
  fault: fc.oneof({ weight: 5, arbitrary: fc.constant("none" as const) }, fc.constantFrom("long" as const, "throws" as const)),
  abortAt: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
});

const SMALL = { maxTokens: 10, maxIterations: 3, carriedIterations: 1, judgeExamples: 0, children: 3, bestOf: 2 } as const;
const LONG: readonly Turn[] = [{ role: "user", text: "rain ".repeat(1000) }];

function small(): Engine {
  return worldEngine({ ...randomWorld({ salt: 7, badness: 0.4 }), contextSize: 400 });
}

function optionsOf({ key, seed, mode, fault }: Wish): QueuedOptions {
  const failing = { onEvent: () => fail(`callback of ${seed}`) };
  return { ...SMALL, key, seed, mode, ...(fault === "throws" ? failing : {}) };
}

function turnsOf({ fault }: Wish): readonly Turn[] {
  return fault === "long" ? LONG : ASK;
}

function fail(message: string): never {
  throw new Error(message);
}

/** What an answer that is asked alone, on an engine of its own, comes to. */
async function alone(one: Wish): Promise<unknown> {
  const { key: _, ...options } = optionsOf(one);
  return await outcome(answer(small(), turnsOf(one), options));
}

/** What a reader sees of an answer: its text and how it ended, or its error. */
async function outcome(answering: ReturnType<typeof answer>): Promise<unknown> {
  return await answering.then(
    ({ text, finishReason, value, rewinds }) => ({ text, finishReason, value, rewinds }),
    (error: unknown) => error,
  );
}

/** A place in the queue that stays taken until `leave` is called. */
async function occupy(queue: AnswerQueue, options: QueuedOptions = {}): Promise<{ leave: () => Promise<void> }> {
  const reading = queue.rain(ASK, { ...SMALL, mode: "vanilla", ...options });
  await reading.next();
  return {
    leave: async () => {
      for await (const _ of reading) return;
    },
  };
}

describe("A queue of answers, whoever asks, fails and aborts:", () => {
  it("everything settles; who is not aborted gets what it gets alone; nobody keeps a place; no more run than may", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(wish, { maxLength: 14 }), fc.integer({ min: 1, max: 4 }), async (wishes, concurrency) => {
        const controllers = wishes.map(() => new AbortController());
        let calls = 0;
        const engine = watchedEngine(small(), () => {
          calls++;
          expect(queue.running).toBeLessThanOrEqual(concurrency);
          for (const [index, { abortAt }] of wishes.entries()) if (abortAt === calls) controllers[index]?.abort(`abort of ${index}`);
        });
        const queue = new AnswerQueue(engine, { concurrency });
        const outcomes = await Promise.all(
          wishes.map((one, index) =>
            outcome(queue.answer(turnsOf(one), { ...optionsOf(one), signal: controllers[index]?.signal as AbortSignal })),
          ),
        );
        for (const [index, one] of wishes.entries()) {
          const isAborted = outcomes[index] === `abort of ${index}`;
          if (isAborted) expect(controllers[index]?.signal.aborted).toBe(true);
          else expect(outcomes[index]).toEqual(await alone(one));
        }
        expect([queue.running, queue.waiting]).toEqual([0, 0]);
      }),
      { numRuns: 60 },
    );
  });

  it("as many are refused as there are too many, and the others are answered", async () => {
    const sizes = { concurrency: fc.integer({ min: 1, max: 3 }), maxWaiting: fc.nat({ max: 4 }), asked: fc.nat({ max: 12 }) };
    await fc.assert(
      fc.asyncProperty(fc.record(sizes), async ({ concurrency, maxWaiting, asked }) => {
        const queue = new AnswerQueue(small(), { concurrency, maxWaiting });
        const outcomes = await Promise.allSettled(
          Array.from({ length: asked }, (_, seed) => queue.answer(ASK, { ...SMALL, mode: "vanilla", seed, key: `${seed}` })),
        );
        const refused = outcomes.slice(concurrency + maxWaiting);
        for (const one of outcomes.slice(0, concurrency + maxWaiting)) expect(one.status).toBe("fulfilled");
        for (const one of refused) {
          expect(one).toMatchObject({ status: "rejected", reason: { running: concurrency, waiting: maxWaiting } });
          expect((one as PromiseRejectedResult).reason).toBeInstanceOf(QueueFullError);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe("A queue of answers", () => {
  it("lets keys take turns, so that one with many requests does not keep the others waiting", async () => {
    const queue = new AnswerQueue(small(), { concurrency: 1 });
    const { leave } = await occupy(queue);
    const begun: string[] = [];
    const ask = async (key: string, name: string) => {
      for await (const _ of queue.rain(ASK, { ...SMALL, mode: "vanilla", key })) if (!begun.includes(name)) begun.push(name);
    };
    const all = [..."123456"].map((number) => ask("many", `many ${number}`)).concat([ask("few", "few 1"), ask("few", "few 2")]);
    await leave();
    await Promise.all(all);
    expect(begun).toEqual(["many 1", "few 1", "many 2", "few 2", "many 3", "many 4", "many 5", "many 6"]);
  });

  it("ends the waiting at an abort at once, though nobody else is done", async () => {
    const queue = new AnswerQueue(small(), { concurrency: 1 });
    const { leave } = await occupy(queue);
    const controller = new AbortController();
    const waiting = queue.answer(ASK, { ...SMALL, signal: controller.signal });
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect([queue.running, queue.waiting]).toEqual([1, 0]);
    await leave();
    await expect(queue.answer(ASK, { ...SMALL, signal: controller.signal })).rejects.toBe(reason);
    expect(queue.running).toBe(0);
  });

  it("tells those who wait how many are before them, whenever that changes", async () => {
    const queue = new AnswerQueue(small(), { concurrency: 1 });
    const { leave } = await occupy(queue);
    const controller = new AbortController();
    const told: Record<string, number[]> = { first: [], second: [], other: [] };
    const ask = (name: string, options: QueuedOptions) =>
      queue.answer(ASK, { ...SMALL, ...options, onPosition: (ahead) => told[name]?.push(ahead) });
    const first = ask("first", { key: "ann", signal: controller.signal });
    const others = [ask("second", { key: "ann" }), ask("other", { key: "bob" })];
    expect(told).toEqual({ first: [0], second: [1, 2], other: [1] });
    controller.abort();
    await expect(first).rejects.toThrow();
    await leave();
    await Promise.all(others);
    expect(told).toEqual({ first: [0], second: [1, 2, 0], other: [1, 0] });
  });

  it("fails only the answer whose own callback throws", async () => {
    const queue = new AnswerQueue(small(), { concurrency: 1 });
    const { leave } = await occupy(queue);
    const failing = queue.answer(ASK, { ...SMALL, onPosition: () => fail("my own") });
    const fine = queue.answer(ASK, SMALL);
    await expect(failing).rejects.toThrow("my own");
    await leave();
    expect((await fine).text).toBe((await answer(small(), ASK, SMALL)).text);
  });

  it("gives a place back when a reader leaves, and takes none for an answer that nobody reads", async () => {
    const queue = new AnswerQueue(small(), { concurrency: 1, maxWaiting: 0 });
    queue.rain(ASK, SMALL);
    const { leave } = await occupy(queue);
    await expect(queue.answer(ASK, SMALL)).rejects.toThrow(
      "Expected at most 0 answers to wait for 1 that are being written, got one more (try again later)",
    );
    await leave();
    expect(queue.running).toBe(0);
    expect((await queue.answer(ASK, SMALL)).finishReason).toBeDefined();
  });

  it.each([
    [6, 3],
    [1, 1],
    [undefined, 8],
  ])("of an engine with %s sequences lets %i answers run at once", async (sequences, concurrency) => {
    const engine = small();
    const facts = sequences === undefined ? engine.facts : { ...engine.facts, sequences };
    const queue = new AnswerQueue({ ...watchedEngine(engine, () => undefined), facts });
    const answers = Array.from({ length: 12 }, () => queue.answer(ASK, { ...SMALL, mode: "vanilla" }));
    expect([queue.running, queue.waiting]).toEqual([concurrency, 12 - concurrency]);
    await Promise.all(answers);
  });

  it("refuses what cannot be meant before anything waits", async () => {
    const queue = new AnswerQueue(small());
    expect(() => new AnswerQueue(small(), { concurrency: 0 })).toThrow("Expected `concurrency` to be a positive integer, got `0` (number)");
    expect(() => new AnswerQueue(small(), { maxWaiting: 1.5 })).toThrow("Expected `maxWaiting` to be a non-negative integer");
    expect(() => queue.rain(ASK, { key: 7 as unknown as string })).toThrow("Expected `key` to be a string, got `7` (number)");
    expect(() => queue.rain(ASK, { maxTokens: 0 })).toThrow(OptionError);
    expect(() => queue.rain([], {})).toThrow(OptionError);
    await expect(queue.answer(LONG, SMALL)).rejects.toThrow(ContextFullError);
  });
});
