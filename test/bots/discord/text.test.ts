import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defang, splitMessage } from "../../../src/bots/discord/reply/text.ts";

const PING = /@everyone|@here|<@[!&]?\w+>|<#\w+>|<id:\w+>|<\/[^>]*:\w+>/i;
const INVITE = /discord\.gg\/\w|discord(?:app)?\.com\/invite\/\w/i;
const MASK = /\[[^\]\n]*\]\([^\s)]+\)|\]\(\s*<?https:/;

describe("A text that a model wrote", () => {
  it.each([
    [
      "pings nobody",
      "Hello @everyone and @here, <@123>, <@!123>, <@&456>",
      "Hello @\u200beveryone and @\u200bhere, <\u200b@123>, <\u200b@!123>, <\u200b@&456>",
    ],
    ["leads to no channel, command or place", "<#123> </ask:123> <id:guide>", "<\u200b#123> <\u200b/ask:123> <\u200bid:guide>"],
    ["shows where links lead", "[your bank](https://evil.example/x)", "your bank (https://evil.example/x)"],
    ["... in angle brackets, too", "[your bank](<https://evil.example/x> 'a title')", "your bank (https://evil.example/x)"],
    ["... of images, too", "![cat](https://evil.example/cat.png)", "cat (https://evil.example/cat.png)"],
    [
      "invites nowhere",
      "Come to https://discord.gg/abc-1 or discordapp.com/invite/xyz.",
      "Come to (an invitation was left out) or (an invitation was left out).",
    ],
    ["... with gaps", "discord . gg / abc and dis\u200bcord.gg/abc", "(an invitation was left out) and (an invitation was left out)"],
    ["... spelled as only browsers read it", "https://%64iscord%2Egg/abc", "(an invitation was left out)"],
    ["... in full-width letters", "https://ｄｉｓｃｏｒｄ．ｇｇ/abc", "(an invitation was left out)"],
    [
      "... with an encoded path",
      "https://discord.com/%69nvite/%61bc and discord.gg/%61bc",
      "(an invitation was left out) and (an invitation was left out)",
    ],
    ["shows where links lead whose label has brackets", "[a [b] c](https://evil.example)", "[a [b] c]\u200b(https://evil.example)"],
    ["... or other links", "[a[b](c)](d)", "ab (c) (d)"],
    ["... or whose address begins like one", "[](]()", "[]\u200b(]\u200b()"],
    ["... or lines", "[a\nb]( <https://evil.example>)", "[a\nb]\u200b( <https://evil.example>)"],
    [
      "takes nothing for code that Discord may not",
      "``` ``` [bank](https://evil.example) ```a```",
      "``` ``` bank (https://evil.example) ```a```",
    ],
    ["keeps formatting and code", "**Hi** `a < b`\n```ts\nx[0](1) < 2\n```", "**Hi** `a < b`\n```ts\nx[0](1) < 2\n```"],
    ["keeps addresses of mail and arrays", "ann@home.example has x[1] and (2)", "ann@home.example has x[1] and (2)"],
  ])("%s", (_, text, expected) => expect(defang(text)).toBe(expected));

  it("is safe and stays as it is when it is made safe again, whatever was written", () => {
    const bits = [
      "@everyone",
      "@",
      "here",
      "<@",
      "1>",
      "<",
      "#2>",
      "[",
      "](",
      "]",
      "```",
      "a",
      ")",
      "https://x.y",
      "discord",
      ".gg/",
      "abc",
      "\u200b",
      "&",
      "!",
      " ",
    ];
    const text = fc.array(fc.oneof(fc.constantFrom(...bits), fc.string({ unit: "binary", maxLength: 3 })), { maxLength: 20 });
    fc.assert(
      fc.property(text, (pieces) => {
        const safe = defang(pieces.join(""));
        const outside = safe.split(/```[^`]*[^`\s][^`]*```/).join("\n");
        // In code Discord makes nothing of anything; where fences are left over, nobody knows what is code.
        const read = outside.includes("```") ? safe : outside;
        for (const danger of [PING, INVITE, MASK]) expect(read).not.toMatch(danger);
        expect(defang(safe)).toBe(safe);
      }),
      { numRuns: 5000 },
    );
  });
});

describe("A long text", () => {
  it("is one message where it fits", () => expect(splitMessage("Hello.")).toEqual(["Hello."]));

  it("is none where there is nothing", () => expect(splitMessage("  \n ")).toEqual([]));

  it("is split between paragraphs, lines, sentences and words, in this order", () => {
    expect(splitMessage(`${"a".repeat(12)}\n\n${"b".repeat(9)}\nccc. ddd`, 26)).toEqual(["a".repeat(12), `${"b".repeat(9)}\nccc. ddd`]);
    expect(splitMessage("One two three. Four five six", 24)).toEqual(["One two three.", "Four five six"]);
    expect(splitMessage("abcdefghij klmnopqrst", 18)).toEqual(["abcdefghij", "klmnopqrst"]);
  });

  it("keeps its code blocks, each part with its language", () => {
    const code = Array.from({ length: 8 }, (_, index) => `line ${index}`).join("\n");
    const parts = splitMessage(`Look:\n\`\`\`ts\n${code}\n\`\`\`\nDone.`, 50);
    expect(parts.length).toBeGreaterThan(1);
    for (const part of parts.slice(1, -1)) expect(part).toMatch(/^```ts\n[^`]+\n```$/);
    expect(parts.join("\n").match(/line \d/g)).toHaveLength(8);
  });

  it("never goes past the limit, loses no word, leaves no block open and no character in halves, whatever it is", () => {
    const piece = fc.oneof(
      fc.constantFrom("```\n", "```ts\n", "\n```\n", "\n", "\n\n", ". ", " ", "😀", "word"),
      fc.string({ unit: "grapheme", maxLength: 12 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.integer({ min: 60, max: 120 }), (pieces, limit) => {
        const text = pieces.join("");
        const parts = splitMessage(text, limit);
        const letters = (value: string) => value.replace(/[\s`]/g, "").replaceAll("ts", "");
        expect(letters(parts.join(""))).toBe(letters(text));
        for (const part of parts) {
          expect(part.length).toBeLessThanOrEqual(limit);
          expect(part.trim()).not.toBe("");
          expect(part).not.toMatch(/\p{Cs}/u);
        }
        for (const part of parts.slice(0, -1)) expect((part.match(/```/g) ?? []).length % 2).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("What letters and emoji need to look as they do", () => {
  it.each(["می‌خواهم", "نمی‌دانم", "क्‍ष", "ശ്രീ‌ന", "👩🏽‍🚀", "🏳️‍🌈", "👨‍👩‍👧‍👦", "❤️", "1️⃣", "葛󠄀"])("stays in an answer: %s", (text) => {
    expect(defang(`So: ${text}!`)).toBe(`So: ${text}!`);
  });

  it.each([
    ["in plain words", "ki\u200dll \u200cyou\ufe0f", "kill you"],
    ["in floods", `م${"\u200c".repeat(50)}ن`, "م\u200cن"],
    ["in invitations", "discord\u200d.g\u200cg/abc", "(an invitation was left out)"],
    ["in mentions", "<\u200d@123456789012345678>", "<\u200b@123456789012345678>"],
  ])("goes where it only hides something: %s", (_, text, expected) => expect(defang(text)).toBe(expected));
});
