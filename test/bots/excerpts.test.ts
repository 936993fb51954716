import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { excerptOf, hashOf, judgedText } from "../../src/bots/guard/index.ts";

describe("An excerpt", () => {
  it.each([
    ["", ""],
    ["short", "short"],
    ["  two\n\n lines\t\u0000 ", "two lines"],
    ["x".repeat(80), "x".repeat(80)],
    ["x".repeat(81), `${"x".repeat(79)}…`],
    ["👩‍👩‍👧‍👦".repeat(30), "👩‍👩‍👧‍👦".repeat(30)],
    [" ".repeat(5000), "…"],
  ])("of %j is %j", (text, excerpt) => {
    expect(excerptOf(text)).toBe(excerpt);
  });

  it("is one line, never long, and a text whatever it is of", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary", maxLength: 600 }), fc.string({ unit: "grapheme", maxLength: 600 })), (text) => {
        const excerpt = excerptOf(`${text}\u{D83D}`);
        expect(excerpt.length).toBeLessThanOrEqual(401);
        expect(excerpt).not.toMatch(/[\r\n\p{Surrogate}\p{Cc}]/u);
      }),
    );
  });
});

describe("What the judge has read", () => {
  it("is the text without what hides words, and at most its beginning", () => {
    expect(judgedText("g\u200bood")).toBe("good");
    expect(judgedText("x".repeat(5000))).toBe("x".repeat(2000));
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 3000 }), (text) => {
        const judged = judgedText(text);
        expect(judged.length).toBeLessThanOrEqual(2000);
        expect(judged).not.toMatch(/\p{Surrogate}/u);
      }),
    );
  });
});

describe("A hash", () => {
  it("is SHA-256 of the text as UTF-8", () => {
    expect(hashOf("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(hashOf("ä")).not.toBe(hashOf("a"));
  });
});
