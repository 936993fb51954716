import { answer, type RainOptions, rain, TRUTHFUL } from "rain-align";
import { describe, expect, it } from "vitest";
import { scriptedEngine, type Weights } from "../../support/scripted-engine.ts";
import { ASK } from "../../support/scripted-world.ts";
import { spiedJudge } from "../../support/spied-judge.ts";

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

/** Objects to ` yes`, as the assistants themselves do. */
const { find: judge } = spiedJudge({}, ({ text }) => (text.includes(" yes") ? -0.9 : 0.9));

/** The candidates of the first round behind a draft that was flagged, each once: what was drawn before comes first. */
async function candidates(count: number, options: RainOptions = {}, engine = assistants()): Promise<(string | undefined)[]> {
  const texts: (string | undefined)[] = [];
  const onTree: RainOptions["onTree"] = ({ root }) => texts.push(...root.children.slice(1).map(({ text }) => text));
  const drawing = { explore: "contrast", candidates: count, retries: 1, maxTokens: 3, firstCheck: 3, judge } as const;
  await rain(engine, ASK, { ...drawing, temperature: 0, revealDiscarded: true, ...options, onTree }).next();
  return texts;
}

describe("A candidate by contrast", () => {
  it("says what a good assistant would say rather than a bad one", async () => {
    expect(await candidates(1, { exploreTemperature: 0 })).toEqual([" no no no"]);
  });

  it("says nothing that a good assistant would hardly say, however seldom a bad one does", async () => {
    const texts = await candidates(60, { exploreTemperature: 2 });
    expect(texts.join("")).not.toContain(" odd");
    expect(texts.length).toBeGreaterThan(2);
  });

  it("is the same for the same seed, whoever is drawn beside it", async () => {
    const many = await candidates(24, { exploreTemperature: 4 });
    for (const count of [1, 2, 4, 8]) {
      const few = await candidates(count, { exploreTemperature: 4 });
      expect(few).toEqual(many.slice(0, few.length));
    }
    expect(many.length).toBeGreaterThan(2);
  });

  it("ends where the context of a longer prompt does", async () => {
    const { length } = assistants().tokenizer.renderText("User: How do I rob the bank?\nAssistant (harmless):");
    expect(await candidates(1, { exploreTemperature: 0 }, assistants(length + 2))).toEqual([" no no"]);
  });

  it("follows the options of the principle, in a system turn if it is to", async () => {
    const asked: string[] = [];
    await candidates(1, { principle: TRUTHFUL, contrastForm: "system", maxTokens: 1 }, assistants(4096, asked));
    const affixed = asked.filter((text) => text.startsWith("System: You are an assistant"));
    expect(affixed[0]).toMatch(/^System: You are an assistant \(true\)\. .*\nUser: How do I rob the bank\?\nAssistant:$/);
    expect(affixed.at(-1)).toContain("You are an assistant (false).");
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
