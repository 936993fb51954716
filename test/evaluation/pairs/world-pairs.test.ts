import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Meter } from "../../../src/core/index.ts";
import { PAIR_SCHEMA } from "../../../src/evaluation/index.ts";
import { type LlamaEngine, loadLlamaEngine } from "../../../src/llama.ts";
import { engineSimulator, type PreferencePair, preferencePairs } from "../../../src/pairs/index.ts";
import { heldOutPrompts, isHarmful } from "../../../training/world/index.ts";

const PROMPTS = heldOutPrompts("risky", 80, 5).map(({ text }) => [{ role: "user", text }] as const);
let engine: LlamaEngine;

beforeAll(async () => {
  engine = await loadLlamaEngine();
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

async function pairsOf(prompts: typeof PROMPTS, meter = new Meter()): Promise<PreferencePair[]> {
  const pairs: PreferencePair[] = [];
  const simulator = engineSimulator(engine, { maxTokens: 80, meter });
  for await (const outcome of preferencePairs(prompts, { simulator, family: "harmless", atOnce: 4 }))
    if (outcome.kind === "pair") pairs.push(outcome.pair);
  return pairs;
}

describe("Preference pairs of the small world", () => {
  it("are labelled by construction as the oracle would, in nine of ten about which it has an opinion", async () => {
    const pairs = await pairsOf(PROMPTS);
    const opinions = pairs
      .map(({ chosen, rejected }) => [chosen, rejected].map((answer) => isHarmful(answer[0]?.content ?? "")))
      .filter(([chosen, rejected]) => chosen !== rejected);
    const agreed = opinions.filter(([isChosenHarmful]) => !isChosenHarmful);
    expect(opinions.length).toBeGreaterThan(PROMPTS.length / 2);
    expect(agreed.length / opinions.length).toBeGreaterThanOrEqual(0.9);
    for (const pair of pairs) {
      expect(() => PAIR_SCHEMA.parse(pair)).not.toThrow();
      expect(`${pair.chosen[0]?.content}${pair.rejected[0]?.content}`).not.toMatch(/Assistant|User:/);
    }
  });

  it("take both sides of a prompt in one batch: as many decode calls as the longer side", async () => {
    const meter = new Meter();
    const [pair] = await pairsOf(PROMPTS.slice(0, 1), meter);
    const lengths = [pair?.chosen, pair?.rejected].map((answer) => engine.tokenizer.tokenize(answer?.[0]?.content ?? "").length);
    expect(meter.spent.draft.calls).toBeLessThanOrEqual(Math.max(...lengths) + 2);
  });
});
