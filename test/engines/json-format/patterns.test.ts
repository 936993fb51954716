import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Expressions, patternTexts } from "../../../src/engines/json-format/index.ts";
import { checkSchema, isFormat, judgeText, someText } from "../../support/format-texts.ts";

const atom = fc.constantFrom("a", "b", ".", "\\d", "\\w", "\\s", "[ab]", "[^a]", "[a-c]", "\\p{L}", "é", "👩", "-", '"', "\\\\", "\\n");

/** Patterns with everything that is read: groups, repetitions, edges and look-aheads. */
const anyPattern: fc.Arbitrary<string> = fc.letrec<Record<"row" | "part" | "group" | "ahead", string>>((tie) => ({
  row: fc.array(tie("part"), { maxLength: 4 }).map((parts) => parts.join("")),
  part: fc.oneof({ maxDepth: 3 }, atom, tie("group"), fc.constantFrom("^", "$"), tie("ahead")),
  group: fc
    .record({ one: tie("row"), other: tie("row"), times: fc.constantFrom("", "?", "*", "+", "{2}", "{1,3}", "{0,2}") })
    .map(({ one, other, times }) => `(?:${one}|${other})${times}`),
  ahead: fc.record({ sign: fc.constantFrom("=", "!"), inside: tie("row") }).map(({ sign, inside }) => `(?${sign}${inside})`),
})).row;

const anyText = fc.string({ unit: fc.constantFrom("a", "b", "c", "1", " ", "é", "👩", "-", '"', "\\", "\n", "_"), maxLength: 6 });

describe("A pattern", () => {
  it("has the texts that the regular expression finds itself in, whatever both are", () => {
    let read = 0;
    const property = fc.property(anyPattern, fc.array(anyText, { minLength: 6, maxLength: 6 }), (pattern, texts) => {
      const schema = { type: "string", pattern };
      const expected = new RegExp(pattern, "u");
      if (!isFormat(schema)) return;
      read++;
      for (const text of texts)
        expect(judgeText(schema, JSON.stringify(text)) === "whole", `/${pattern}/u and ${JSON.stringify(text)}`).toBe(expected.test(text));
    });
    fc.assert(property, { numRuns: 600, seed: 11 });
    expect(read).toBeGreaterThan(300);
  });

  it("with bounds of the length has those of that length, and every beginning can be completed", () => {
    const bounds = fc.record({ minLength: fc.nat({ max: 4 }), more: fc.nat({ max: 4 }) });
    const property = fc.property(
      anyPattern,
      bounds,
      anyText,
      fc.infiniteStream(fc.nat()),
      (pattern, { minLength, more }, text, choices) => {
        const schema = { type: "string", pattern, minLength, maxLength: minLength + more };
        if (!isFormat(schema)) return;
        const expected = (one: string) => {
          const { length } = [...one];
          return new RegExp(pattern, "u").test(one) && length >= minLength && length <= minLength + more;
        };
        expect(judgeText(schema, JSON.stringify(text)) === "whole", `${JSON.stringify(schema)} and ${JSON.stringify(text)}`).toBe(
          expected(text),
        );
        const written = JSON.parse(someText(schema, (count) => (choices.next().value as number) % count)) as string;
        expect(expected(written), `${JSON.stringify(schema)} and ${JSON.stringify(written)}`).toBe(true);
      },
    );
    fc.assert(property, { numRuns: 400, seed: 12 });
  });

  it.each([
    ["\\u0061 and its like", '"\\u0061"', "^a$"],
    ["half of a surrogate pair, never", '"\\ud83d\\udc69"', "^.{1,2}$"],
    ["a sign that needs no escape", '"a_b"', "^a\\_b$"],
    ["a hyphen in a class", '"a-"', "^[a\\-z]+$"],
  ])("reads %s", (_, text, pattern) => {
    expect(judgeText({ type: "string", pattern }, text)).toBe(text.includes("ud83d") ? "other" : "whole");
  });

  it("ends half a character only where a whole one may stand", () => {
    const schema = { type: "string", pattern: "^[日本]$" };
    expect(judgeText(schema, '"日"')).toBe("whole");
    expect(judgeText(schema, '"é')).toBe("other");
    expect(judgeText(schema, '"\\u65')).toBe("beginning");
    expect(judgeText(schema, '"\\u66')).toBe("other");
  });
});

describe("No pattern is catastrophic:", () => {
  /** Reads `length` times `a`, and says how many expressions that has made. */
  function cost(pattern: string, length: number): number {
    const expressions = new Expressions();
    let left = patternTexts(expressions, pattern, "#");
    for (let read = 0; read < length; read++) left = expressions.moves(left).find(({ on }) => on.meets(0x61, 0x61))?.to ?? expressions.none;
    return expressions.count;
  }

  it.each(["(a+)+$", "(a|a)*b", "^(a|aa)+$", "^(([a-z])+.)+[A-Z]([a-z])+$", "^(a?){30}a{30}$", "(a*)*b", "^(a|b)*a(a|b){12}$"])(
    "%s costs no more for a text that is longer",
    (pattern) => {
      expect(cost(pattern, 4000)).toBe(cost(pattern, 1000));
      expect(cost(pattern, 1000)).toBeLessThan(2000);
    },
  );

  it("one with many repetitions that go together costs as much as it has places, for each character", () => {
    const places = 300;
    const pattern = `^${"a?".repeat(places)}a{${places}}$`;
    expect(cost(pattern, 200)).toBeLessThan(8 * places);
  });

  it("what was read long ago is forgotten", () => {
    const expressions = new Expressions();
    let left = patternTexts(expressions, "^(a|b)*a(a|b){18}$", "#");
    let seed = 1;
    const digits: number[] = [];
    for (let read = 0; read < 3000; read++) {
      seed = (seed * 48_271) % 2_147_483_647;
      digits.push(seed % 2);
      const point = seed % 2 === 0 ? 0x61 : 0x62;
      left = expressions.moves(left).find(({ on }) => on.meets(point, point))?.to ?? expressions.none;
    }
    expect(left.isNullable).toBe(digits.at(-19) === 0);
  });

  it.each<readonly [string, string]>([
    ["a{1000000}", "a `pattern` that counts too far"],
    ["((a{1,100}){1,100}){1,100}", "a `pattern` that counts too far"],
    ["^(?=.{1,4000}$)(?:a|b)*c(?:a|b){10}$", "a `pattern` or bounds that are too large together"],
    ["(a", "a `pattern` that is no regular expression"],
    ["a++", "a `pattern` that is no regular expression"],
    ["(?<=a)b", "a `pattern` with a look-behind"],
    ["(?<!a)b", "a `pattern` with a look-behind"],
    ["(a)\\1", "a `pattern` with a back-reference"],
    ["\\bword", "a `pattern` with a word boundary"],
    ["(?:(?!x).)*", "a `pattern` with an assertion in a group that is repeated"],
    ["(?!^a)", "a `pattern` with `^` in a negative look-ahead"],
    ["a(?!)", "a schema that no JSON value fulfils"],
  ])("%s is refused in one line", (pattern, complaint) => {
    const check = () => checkSchema({ type: "object", properties: { a: { type: "string", pattern } }, required: ["a"] });
    const message = expect.stringMatching(
      new RegExp(`^Expected a schema that can be a format, got ${escaped(complaint)} at #/properties/a \\([^\\n]+\\)$`),
    );
    expect(check).toThrow(expect.objectContaining({ code: "format-unsupported", message }));
  });
});

function escaped(text: string): string {
  return text.replaceAll(/[\^$.*+?()[\]{}|\\/]/g, "\\$&");
}
