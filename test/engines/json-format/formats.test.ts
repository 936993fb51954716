import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FormattedText, JsonSchema } from "../../../src/core/index.ts";
import { bytesOf, JsonFormats, type TokenTable } from "../../../src/engines/json-format/index.ts";

const ASCII = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));
const SPECIAL = "special";
const END = "end";

/** A vocabulary of these texts. */
function tableOf(tokens: readonly string[]): TokenTable {
  const bytesAt = (token: number) => (tokens[token] === SPECIAL ? undefined : bytesOf(tokens[token] as string));
  return { size: tokens.length, bytesOf: bytesAt, isEnd: (token) => tokens[token] === END };
}

/** A text under a format, of which these tokens are written. */
function begun(vocabulary: readonly string[], schema: JsonSchema, prefix: readonly number[] = []): FormattedText {
  return new JsonFormats(() => tableOf(vocabulary)).begin({ format: { type: "json", schema }, prefix, formatStart: 0 });
}

const SCHEMA = { type: "object", properties: { a: { enum: ["x", "日本"] }, n: { type: "integer", maximum: 30 } }, required: ["a"] };

describe("The tokens that a format allows", () => {
  it("are found in order as they are found one by one, whatever the vocabulary", () => {
    const piece = fc.oneof(
      fc.constantFrom('{"a":', '"', '"x"', "日", "日本", ', "n', "{}", "}", "12", "1", ":1", "x", " "),
      fc.string({ maxLength: 3 }),
    );
    const property = fc.property(fc.array(piece, { maxLength: 40 }), fc.nat({ max: 19 }), (pieces, at) => {
      const vocabulary = [SPECIAL, END, ...ASCII, "", "日", "本", ...pieces];
      const written = ["{", '"', "a", '"', ":", '"', "日", "本", '"', ",", " ", '"', "n", '"', ":", " ", "1", "2", "}"];
      const text = begun(
        vocabulary,
        SCHEMA,
        written.slice(0, at).map((piece) => vocabulary.indexOf(piece)),
      );
      const all = Array.from(vocabulary, (_, token) => token);
      expect([...(text.allowed(1000) ?? [])].sort((left, right) => left - right)).toEqual(all.filter((token) => text.allows(token)));
    });
    fc.assert(property, { numRuns: 300, seed: 3 });
  });

  it("are not told when they are more than asked for", () => {
    const text = begun([END, ...ASCII, '"'], { type: "string" }, [96]);
    expect(text.allowed(95)).toBeUndefined();
    expect(text.allowed(96)).toHaveLength(96);
  });

  it("are end tokens, too, where the text is complete, and nothing else where nothing may follow", () => {
    const vocabulary = [END, SPECIAL, ...ASCII, END];
    const text = begun(vocabulary, { type: "array", maxItems: 0 }, [vocabulary.indexOf("["), vocabulary.indexOf("]")]);
    expect(text.allowed(10)).toEqual([0, 97]);
    expect([0, 1, 97].map((token) => text.allows(token))).toEqual([true, false, true]);
    expect(text.after(0)).toBeUndefined();
  });

  it("are none that say nothing: a text could go on with them for ever", () => {
    const text = begun([END, SPECIAL, "", ...ASCII], {});
    expect(text.allows(1)).toBe(false);
    expect(text.allows(2)).toBe(false);
  });
});

describe("The formats of an engine", () => {
  it("need a vocabulary that can spell, and say so", () => {
    const formats = new JsonFormats(() => tableOf([END, "a", "b"]));
    expect(() => formats.check({ type: "json", schema: {} })).toThrow(
      "Expected a vocabulary with a token for each letter and sign of ASCII, as formats need, got one that lacks some (choose another model)",
    );
  });

  it("compile a schema once, and put the vocabulary in order once", () => {
    let orders = 0;
    const formats = new JsonFormats(() => {
      orders++;
      return tableOf([END, ...ASCII]);
    });
    const reads: string[] = [];
    const schema = new Proxy({ type: "null" }, { get: (target, name) => [reads.push(String(name)), Reflect.get(target, name)][1] });
    formats.check({ type: "json", schema });
    const readOnce = reads.length;
    formats.begin({ format: { type: "json", schema }, prefix: [] });
    expect(reads).toHaveLength(readOnce);
    expect(orders).toBe(1);
  });

  it("refuse a place at which no text of the format begins, and a type that is not known", () => {
    const formats = new JsonFormats(() => tableOf([END, ...ASCII]));
    const format = { type: "json", schema: { type: "null" } } as const;
    expect(() => formats.begin({ format, formatStart: 0, prefix: [3] })).toThrow(
      "Expected `formatStart` to be where a text of the format begins",
    );
    expect(() => formats.check({ ...format, type: "xml" as "json" })).toThrow("Expected a format of type `json` or `parts`, got `xml`");
  });
});
