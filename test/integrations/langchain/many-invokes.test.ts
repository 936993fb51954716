import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ChatRain } from "rain-align/langchain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Meter, prime, randomAt } from "../../../src/core/index.ts";
import { type LlamaEngine, loadLlamaEngine } from "../../../src/llama.ts";
import { watchedEngine } from "../../support/watched-engine.ts";

const QUESTIONS = ["How do I paint the castle?", "How do I rob the bank?", "What does the bear eat?", "Hello."];
const SEEDS = [1, 2, 3];
const COUNT = 200;
const SMALL = { maxTokens: 16, searchBudget: 48, retries: 1 } as const;

/** What one of many invokes asks for. */
interface Wish {
  readonly question: string;
  readonly seed: number;
  /** The engine's call, counted over all, at which it is aborted. */
  readonly abortAt: number | undefined;
}

function wishOf(index: number, round: number): Wish {
  const dice = (label: number) => randomAt(round * 1000 + label, index);
  return {
    question: QUESTIONS[index % QUESTIONS.length] as string,
    seed: SEEDS[Math.floor(dice(1) * SEEDS.length)] as number,
    abortAt: dice(2) < 0.4 ? Math.ceil(dice(3) * 600) : undefined,
  };
}

describe(`${COUNT} invokes at once, some of them aborted at a random moment`, () => {
  let engine: LlamaEngine;
  const alone = new Map<string, string>();

  beforeAll(async () => {
    engine = await loadLlamaEngine({ model: "embedded", gpu: false, threads: 1 });
    const model = new ChatRain({ seed: 1, model: engine, ...SMALL });
    for (const question of QUESTIONS)
      for (const seed of SEEDS) alone.set(`${question} ${seed}`, (await model.invoke(question, { seed })).text);
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  /** All outcomes of a round, and how many of them were aborted. */
  async function round(number: number): Promise<{ readonly answered: number; readonly aborted: number }> {
    let calls = 0;
    const waiting: { readonly abortAt: number; readonly controller: AbortController }[] = [];
    const watched = watchedEngine(engine, () => {
      calls++;
      for (const { abortAt, controller } of waiting) if (abortAt === calls) controller.abort(new Error("enough"));
    });
    await using model = new ChatRain({ seed: 1, model: { ...watched, findJudge: engine.findJudge }, ...SMALL });
    const outcomes = Array.from({ length: COUNT }, async (_, index) => {
      const { question, seed, abortAt } = wishOf(index, number);
      const controller = new AbortController();
      if (abortAt !== undefined) waiting.push({ abortAt, controller });
      const outcome = await model.invoke(question, { seed, signal: controller.signal }).then(
        ({ text }) => text,
        (error: unknown) => error,
      );
      if (outcome instanceof Error) {
        expect(controller.signal.aborted).toBe(true);
        expect(outcome.message).toBe("enough");
        return "aborted";
      }
      expect(outcome).toBe(alone.get(`${question} ${seed}`));
      return "answered";
    });
    const settled = await Promise.all(outcomes);
    const aborted = settled.filter((outcome) => outcome === "aborted").length;
    return { answered: settled.length - aborted, aborted };
  }

  it("settle all of them: with the answer that each would get alone, or with their own abort", async () => {
    const { answered, aborted } = await round(1);
    expect(answered).toBeGreaterThan(COUNT / 4);
    expect(aborted).toBeGreaterThan(COUNT / 20);
  });

  it("leave no sequence taken, and no memory", { timeout: 120_000 }, async () => {
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    const heapAfter = async (number: number) => {
      await round(number);
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const first = await heapAfter(2);
    expect((await heapAfter(3)) - first).toBeLessThan(4e6);
    const meter = new Meter();
    const prefixes = Array.from({ length: engine.facts.sequences }, (_, index) => engine.tokenizer.renderText(`${index} rivers`));
    await prime(engine, prefixes, { purpose: "prompt", meter });
    expect(meter.spent.prompt.calls).toBe(1);
  });
});
