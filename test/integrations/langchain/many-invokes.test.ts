import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ChatRain } from "rain-align/langchain";
import { describe, expect, it } from "vitest";
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
  /** The outcomes of a round, by question and seed, and how many of them were aborted. */
  async function round(
    engine: LlamaEngine,
    number: number,
  ): Promise<{ readonly answered: readonly (readonly [string, string])[]; readonly aborted: number }> {
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
        (error: Error) => error,
      );
      if (outcome instanceof Error) {
        expect(controller.signal.aborted).toBe(true);
        expect(outcome.message).toBe("enough");
        return "aborted";
      }
      return [`${question} ${seed}`, outcome] as const;
    });
    const settled = await Promise.all(outcomes);
    const answered = settled.filter((outcome) => outcome !== "aborted");
    return { answered, aborted: settled.length - answered.length };
  }

  it("settle all of them: with the answer that each would get alone, or with their own abort", async () => {
    // Else who shares a call is told other last digits, and now and then draws another token.
    await using engine = await loadLlamaEngine({ model: "embedded", gpu: false, threads: 1, deterministic: true });
    const alone = new Map<string, string>();
    const model = new ChatRain({ seed: 1, model: engine, ...SMALL });
    for (const question of QUESTIONS)
      for (const seed of SEEDS) alone.set(`${question} ${seed}`, (await model.invoke(question, { seed })).text);
    const { answered, aborted } = await round(engine, 1);
    for (const [wish, text] of answered) expect(text).toBe(alone.get(wish));
    expect(answered.length).toBeGreaterThan(COUNT / 4);
    expect(aborted).toBeGreaterThan(COUNT / 20);
  });

  it("leave no sequence taken, and no memory", { timeout: 120_000 }, async () => {
    await using engine = await loadLlamaEngine({ model: "embedded", gpu: false, threads: 1 });
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    const heapAfter = async (number: number) => {
      await round(engine, number);
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
