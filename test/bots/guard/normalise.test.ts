import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalise } from "../../../src/bots/guard/index.ts";

describe("What a judge reads instead of a message", () => {
  it.each([
    ["characters that nobody sees", "k\u200bi\u200dl\u2060l y\ufeffou", "kill you"],
    ["soft hyphens and direction marks", "\u202ek\u00adill\u202c", "kill"],
    ["tags and variation selectors", "kill\u{e0041}\u{e0042}\ufe0f", "kill"],
    ["fillers that look like nothing", "ki\u3164ll\u115f", "kill"],
    ["full-width letters", "ｋｉｌｌ", "kill"],
    ["mathematical letters", "𝓴𝓲𝓵𝓵 𝐲𝐨𝐮", "kill you"],
    ["letters of other alphabets", "уоu аrе а fооl", "you are a fool"],
    ["whole words of another alphabet's look-alikes", "раураl", "paypal"],
    ["heaps of accents", `k${"\u0301".repeat(30)}ill`, "kill"],
    ["percent-encoding", "%6bill%20you", "kill you"],
    ["percent-encoding of percent-encoding", "%256bill", "kill"],
    ["percent-encoding through characters that nobody sees", "%6\u200bbill", "kill"],
  ])("is without %s", (_, text, expected) => expect(normalise(text)).toBe(expected));

  it.each([
    "It is 100% sure, 50%off and 20% of it.",
    "%zz %e0%a4 stays",
    "Привет, как у тебя дела?",
    "Ελλάδα είναι μια χώρα",
    "Das schöne Mädchen aß Käse in der Straße.",
    "日本語のテキスト",
    "two\nlines\tand a tab",
  ])("keeps what hides nothing: %s", (text) => expect(normalise(text)).toBe(text));

  it("is short enough, and has nothing that nobody sees, whatever was written", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const readable = normalise(text);
        expect(readable).not.toMatch(/[\p{Cf}\p{Cs}]/u);
        expect(readable.length).toBeLessThanOrEqual(text.length * 20);
      }),
    );
  });

  it("takes no longer than its text for floods", () => {
    const floods = ["\u200b".repeat(4000), "%25".repeat(1333), "е".repeat(4000), `a${"\u0300".repeat(4000)}`, "\ufdfa".repeat(4000)];
    for (const flood of floods) expect(normalise(flood).length).toBeLessThan(80_000);
  });
});
