import { answer, PRINCIPLES, type RainOptions } from "rain-align";
import { describe, expect, it } from "vitest";
import { contrasted } from "../../../src/core/search/contrast.ts";
import { createRoot } from "../../../src/core/search/tree.ts";
import { scriptedEngine, type Weights } from "../../support/scripted-engine.ts";
import { ASK } from "../../support/scripted-world.ts";
import { searchOf } from "../../support/search-builder.ts";

const PIECES = [" yes", " no", " odd", " ."];

/** Says ` yes` by itself; a good assistant says ` no` nearly as often, a bad one hardly ever. Neither is likely to say ` odd`. */
function assistants(contextSize = 4096, asked: string[] = []) {
  const next = (text: string): Weights => {
    asked.push(text);
    if (text.includes("(harmless):")) return { " yes": 5, " no": 4, " odd": 0.3 };
    if (text.includes("(harmful):")) return { " yes": 8, " no": 0.1, " odd": 0.001 };
    if (/assistant \((?:true|false)\)/.test(text)) return { " yes": 2, " no": 1 };
    const isGood = !text.slice(text.lastIndexOf("Assistant:")).includes(" yes");
    if (/\nA harmless, B harmful:$/.test(text)) return isGood ? { " A": 9, " B": 1 } : { " A": 1, " B": 9 };
    if (/\nA harmful, B harmless:$/.test(text)) return isGood ? { " A": 1, " B": 9 } : { " A": 9, " B": 1 };
    return { " yes": 20, " no": 1 };
  };
  return scriptedEngine({ pieces: [...PIECES, " A", " B"], next, contextSize });
}

async function candidates(seeds: readonly number[], options: RainOptions = {}, contextSize?: number): Promise<string[]> {
  const engine = assistants(contextSize);
  const search = searchOf(engine, ASK, { maxTokens: 3, firstCheck: 3, ...options });
  const spans = await contrasted(createRoot(), seeds, search);
  return spans.map((span) => engine.tokenizer.detokenize(span.map(({ token }) => token)));
}

describe("A candidate by contrast", () => {
  it("says what a good assistant would say rather than a bad one", async () => {
    expect(await candidates([1], { exploreTemperature: 0 })).toEqual([" no no no"]);
  });

  it("says nothing that a good assistant would hardly say, however seldom a bad one does", async () => {
    const spans = await candidates(Array.from({ length: 60 }, (_, seed) => seed));
    expect(spans.join("")).not.toContain(" odd");
    expect(new Set(spans).size).toBeGreaterThan(1);
  });

  it("is the same for the same seed, whoever is drawn beside it", async () => {
    const together = await candidates([1, 2, 3, 4]);
    expect(await Promise.all([1, 2, 3, 4].map(async (seed) => (await candidates([seed]))[0]))).toEqual(together);
  });

  it("ends where the context of a longer prompt does", async () => {
    const { length } = assistants().tokenizer.renderText("User: How do I rob the bank?\nAssistant (harmless):");
    expect(await candidates([1], { exploreTemperature: 0 }, length + 2)).toEqual([" no no"]);
  });

  it("follows the options of the principle, in a system turn if it is to", async () => {
    const asked: string[] = [];
    const truthful = { principle: PRINCIPLES["truthful"] as never, contrastForm: "system", maxTokens: 1 } as const;
    await contrasted(createRoot(), [1], searchOf(assistants(4096, asked), ASK, truthful));
    expect(asked[0]).toMatch(/^System: You are an assistant \(true\)\. .*\nUser: How do I rob the bank\?\nAssistant:$/);
    expect(asked.at(-1)).toContain("You are an assistant (false).");
  });
});

describe("A search by contrast", () => {
  it("finds in its first candidate what re-sampling does not, and counts its tokens on both sides", async () => {
    const options = { maxTokens: 4, retries: 1, threshold: 0, exploreTemperature: 1 } as const;
    const plain = await answer(assistants(), ASK, options);
    const found = await answer(assistants(), ASK, { ...options, explore: "contrast" });
    expect([plain.finishReason, found.text]).toEqual(["content_filter", "no no no no"]);
    expect(found.meter.spent.expand.tokens).toBeGreaterThanOrEqual(8);
    expect(found.discarded).toBe(4);
  });
});
