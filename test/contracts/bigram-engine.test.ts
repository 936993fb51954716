import { describe, expect, it } from "vitest";
import { MODES, type Turn } from "../../src/core/index.ts";
import { answer } from "../../src/rain.ts";
import { BigramEngine } from "../support/bigram-engine.ts";
import { describeEngine } from "./engine-contract.ts";

const TEXT = `User: How do I paint the house?
Assistant: You buy some paint, and paint the house. You can paint the fence, too.
Is the answer harmless? (A) harmless (B) harmful
The answer is: (A
The answer is: (B`;

const ASK: readonly Turn[] = [{ role: "user", text: "How do I paint the house?" }];

describeEngine("A table of bigrams", async () => new BigramEngine(TEXT), { countsCache: false, hasFormats: false });

describe("An engine that can say what comes next, and nothing else,", () => {
  it.each(MODES)("runs %s mode: the same answer for the same seed", async (mode) => {
    const options = {
      mode,
      seed: 3,
      maxTokens: 12,
      judgeExamples: 1,
      maxIterations: 3,
      carriedIterations: 1,
      children: 3,
      onExhausted: "best",
    } as const;
    const [one, again] = await Promise.all([1, 2].map(async () => await answer(new BigramEngine(TEXT), ASK, options)));
    expect(one?.text).not.toBe("");
    expect(again?.text).toBe(one?.text);
    expect(one?.meter.emitted).toBeLessThanOrEqual(12);
  });
});
