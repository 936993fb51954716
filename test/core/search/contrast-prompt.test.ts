import { AFFIX_PAIRS, type Turn } from "rain-align";
import { describe, expect, it } from "vitest";
import { contrastPrefix, instructedTurns } from "../../../src/core/index.ts";
import { CONTRAST_FAMILIES } from "../../../src/pairs/index.ts";
import { scriptedEngine } from "../../support/scripted-engine.ts";

const engine = scriptedEngine({ pieces: [], next: () => ({}) });
const PAIR = { positive: "kind", negative: "unkind" };
const TALK: readonly Turn[] = [
  { role: "user", text: "Hello" },
  { role: "assistant", text: "Hi." },
  { role: "user", text: "How are you?" },
];

describe("A contrast", () => {
  it("puts one affix on the answer to come, and the opposite one on earlier answers", () => {
    const textOf = (pole: "positive" | "negative") =>
      engine.tokenizer.detokenize(contrastPrefix(engine, TALK, { pair: PAIR, form: "affix", pole }));
    expect(textOf("positive")).toBe("User: Hello\nAssistant (unkind): Hi.\nUser: How are you?\nAssistant (kind):");
    expect(textOf("negative")).toBe("User: Hello\nAssistant (kind): Hi.\nUser: How are you?\nAssistant (unkind):");
  });

  it("goes on with an answer that was begun under its own affix", () => {
    const turns = [...TALK, { role: "assistant", text: "I am" } as const];
    const prefix = contrastPrefix(engine, turns, { pair: PAIR, form: "affix", pole: "positive" });
    expect(engine.tokenizer.detokenize(prefix)).toMatch(/\nAssistant \(kind\): I am$/);
  });

  it("says the same to a chat model in a system turn, behind instructions that are there already", () => {
    const [alone, ...rest] = instructedTurns(TALK.slice(0, 1), PAIR, "positive");
    expect([alone?.text, rest]).toEqual(["You are an assistant (kind). Answer as such, and say nothing about it.", TALK.slice(0, 1)]);
    const [first] = instructedTurns([{ role: "system", text: "Be brief." }, ...TALK], PAIR, "negative");
    expect(first?.text).toMatch(
      /^Be brief\.\n\nYou are an assistant \(unkind\)\. Your answers so far were those of an assistant \(kind\)\. /,
    );
  });

  it("has affixes that are different from each other, in every family", () => {
    for (const family of CONTRAST_FAMILIES) {
      const affixes = AFFIX_PAIRS[family].flatMap(({ positive, negative }) => [positive, negative]);
      expect(new Set(affixes).size).toBe(affixes.length);
    }
    expect(CONTRAST_FAMILIES.map((family) => AFFIX_PAIRS[family].length)).toEqual([16, 1, 3]);
  });
});
