import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { PAIR_SCHEMA, PairFile, summarise } from "../../../src/evaluation/index.ts";
import type { PreferencePair } from "../../../src/pairs/index.ts";
import { temporaryFolder } from "../../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const path = join(folder.path, "pairs.jsonl");
const FACTS = { model: "m", family: "harmless", form: "affix", label: "construction", seed: 1 } as const;

function pair(index: number, values?: PreferencePair["metadata"]["values"]): PreferencePair {
  const affixes = { positive: "kind", negative: "unkind" };
  return {
    prompt: [{ role: "user", content: `Grüß dich ${index}` }],
    chosen: [{ role: "assistant", content: "Hello, you." }],
    rejected: [{ role: "assistant", content: "Go." }],
    metadata: { ...FACTS, index, affixes, chosen: "positive", values },
  };
}

describe("A file of preference pairs", () => {
  it("goes on behind its last whole line, wherever in a line somebody was killed", () => {
    writeFileSync(path, "");
    const file = new PairFile(path);
    for (const index of [0, 1, 4]) file.append(pair(index));
    const whole = readFileSync(path);
    const lastLine = whole.lastIndexOf("\n", whole.length - 2) + 1;
    for (let length = lastLine; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length));
      const again = new PairFile(path);
      expect(again.next).toBe(2);
      again.append(pair(4));
      expect(readFileSync(path).equals(whole)).toBe(true);
    }
    expect(new PairFile(path).next).toBe(5);
  });

  it("is refused, and left as it is, where it holds something else", () => {
    for (const content of ["no pairs\n", "no line", '{"a": 1}\n', `${JSON.stringify({ ...pair(0), chosen: [] })}\n`]) {
      writeFileSync(path, content);
      expect(() => new PairFile(path)).toThrow(/^Expected `.*pairs.jsonl.*` to be a/);
      expect(readFileSync(path, "utf8")).toBe(content);
    }
  });

  it("is refused where its pairs were made in another way", () => {
    writeFileSync(path, `${JSON.stringify(pair(0))}\n`);
    const file = new PairFile(path);
    expect(() => file.checkFacts(FACTS)).not.toThrow();
    expect(() => file.checkFacts({ ...FACTS, seed: 2 })).toThrow(/to hold pairs of the seed `2`, got `1` \(choose another file/);
  });

  it("is refused where its pairs are of other prompts, or of others in these places", () => {
    const asks = (index: number) => [{ role: "user", text: `Grüß dich ${index}` }] as const;
    writeFileSync(path, [0, 2].map((index) => `${JSON.stringify(pair(index))}\n`).join(""));
    const file = new PairFile(path);
    expect(() => file.checkPrompts([0, 0, 1, 2, 3].map(asks))).not.toThrow();
    for (const places of [
      [0, 1],
      [0, 2, 1],
      [1, 0, 2],
    ])
      expect(() => file.checkPrompts(places.map(asks))).toThrow(/pairs\.jsonl:\d` to hold a pair of these prompts, got one of others/);
  });

  it("takes nothing that a trainer would not", () => {
    expect(PAIR_SCHEMA.safeParse(pair(0)).success).toBe(true);
    expect(PAIR_SCHEMA.safeParse({ ...pair(0), prompt: [{ role: "assistant", content: "Hi" }] }).success).toBe(false);
    expect(PAIR_SCHEMA.safeParse({ ...pair(0), rejected: [{ role: "assistant", content: " " }] }).success).toBe(false);
  });

  it("is summed up", () => {
    const judged = [pair(0), pair(1, { positive: 0.5, negative: -0.5 }), pair(2, { positive: -0.5, negative: 0.5 })];
    expect(summarise(judged)).toMatchObject({ pairs: 3, agreement: { rate: 0.5 }, lengths: { prompt: 11, chosen: 11, rejected: 3 } });
    expect(summarise([])).toMatchObject({ pairs: 0, agreement: undefined });
  });
});
