import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileSchema } from "../../../src/engines/json-format/compile-schema.ts";
import { JsonFormats } from "../../../src/engines/json-format/formats.ts";
import { JsonText } from "../../../src/engines/json-format/formatted-json.ts";
import { bytesOf } from "../../../src/engines/json-format/grammar.ts";
import { TokenIndex } from "../../../src/engines/json-format/token-index.ts";
import { Written } from "../../../src/engines/json-format/written.ts";

const ASCII = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));
const SPECIAL = "special";
const END = "end";

/** A vocabulary of these texts; bytes are told by `\xNN` characters. */
function indexOf(tokens: readonly string[]): TokenIndex {
  const bytesAt = (token: number) => (tokens[token] === SPECIAL ? undefined : bytesOf(tokens[token] as string));
  return new TokenIndex({ size: tokens.length, bytesOf: bytesAt, isEnd: (token) => tokens[token] === END });
}

const SCHEMA = { type: "object", properties: { a: { enum: ["x", "日本"] }, n: { type: "integer", maximum: 30 } }, required: ["a"] };

describe("The tokens that a format allows", () => {
  it("are found in order as they are found one by one, whatever the vocabulary", () => {
    const piece = fc.oneof(
      fc.constantFrom('{"a":', '"', '"x"', "日", "日本", ', "n', "{}", "}", "12", "1", ":1", "x", " "),
      fc.string({ maxLength: 3 }),
    );
    const property = fc.property(fc.array(piece, { maxLength: 40 }), fc.nat({ max: 40 }), (pieces, at) => {
      const index = indexOf([SPECIAL, END, ...ASCII, "", ...pieces]);
      let written: Written = Written.nothing(compileSchema(SCHEMA));
      for (const byte of bytesOf('{"a":"日本", "n": 12}').slice(0, at)) written = written.after(byte.charCodeAt(0)) ?? written;
      const text = new JsonText(index, written);
      const all = Array.from({ length: ASCII.length + 3 + pieces.length }, (_, token) => token);
      expect([...(text.allowed(1000) ?? [])].sort((left, right) => left - right)).toEqual(all.filter((token) => text.allows(token)));
    });
    fc.assert(property, { numRuns: 300, seed: 3 });
  });

  it("are not told when they are more than asked for", () => {
    const index = indexOf([END, ...ASCII]);
    const inside = Written.nothing(compileSchema({ type: "string" })).after(0x22) as Written;
    expect(new JsonText(index, inside).allowed(94)).toBeUndefined();
    expect(new JsonText(index, inside).allowed(95)).toHaveLength(95);
  });

  it("are end tokens, too, where the text is complete, and nothing else where nothing may follow", () => {
    const index = indexOf([END, SPECIAL, ...ASCII, END]);
    const whole = Written.nothing(compileSchema({ type: "array", maxItems: 0 }))
      .after(0x5b)
      ?.after(0x5d) as Written;
    const text = new JsonText(index, whole);
    expect(text.allowed(10)).toEqual([0, 97]);
    expect([0, 1, 97].map((token) => text.allows(token))).toEqual([true, false, true]);
    expect(text.after(0)).toBeUndefined();
  });

  it("are none that say nothing: a text could go on with them for ever", () => {
    const index = indexOf([END, SPECIAL, "", ...ASCII]);
    const text = new JsonText(index, Written.nothing(compileSchema(true as unknown as Record<string, unknown>)));
    expect(text.allows(1)).toBe(false);
    expect(text.allows(2)).toBe(false);
  });
});

describe("The formats of an engine", () => {
  it("need a vocabulary that can spell, and say so", () => {
    const formats = new JsonFormats(() => indexOf([END, "a", "b"]));
    expect(() => formats.check({ type: "json", schema: {} })).toThrow(
      "Expected a vocabulary with a token for each letter and sign of ASCII, as formats need, got one that lacks some (choose another model)",
    );
  });

  it("compile a schema once, and put the vocabulary in order once", () => {
    let orders = 0;
    const formats = new JsonFormats(() => {
      orders++;
      return indexOf([END, ...ASCII]);
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
    const formats = new JsonFormats(() => indexOf([END, ...ASCII]));
    const format = { type: "json", schema: { type: "null" } } as const;
    expect(() => formats.begin({ format, formatStart: 0, prefix: [3] })).toThrow(
      "Expected `formatStart` to be where a text of the format begins",
    );
    expect(() => formats.check({ ...format, type: "xml" as "json" })).toThrow("Expected a format of type `json`, got `xml`");
  });
});
