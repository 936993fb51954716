import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Formats, FormattedText, JsonSchema } from "../../../src/core/index.ts";
import { END_TOKEN } from "../../support/byte-vocabulary.ts";
import { scriptedEngine } from "../../support/scripted-engine.ts";

const engine = scriptedEngine({ pieces: [], next: () => ({}) });
const formats = engine.formats as Formats;

/** How far a text is of a format: all of it, only its beginning, or not even that. */
function judgeText(schema: JsonSchema, text: string): "whole" | "beginning" | "other" {
  let written: FormattedText | undefined = formats.begin({ format: { type: "json", schema }, prefix: [] });
  for (const token of engine.tokenizer.tokenize(text)) written = written?.after(token);
  return written === undefined ? "other" : written.allows(END_TOKEN) ? "whole" : "beginning";
}

function check(schema: JsonSchema): void {
  formats.check({ type: "json", schema });
}

type Case = readonly [schema: JsonSchema, text: string];

const NAMED = { type: "object", properties: { a: { type: "integer" }, b: { type: "boolean" } }, required: ["a"] } as const;
const TREE = {
  type: "object",
  properties: { value: { type: "integer" }, children: { type: "array", items: { $ref: "#" } } },
  required: ["value"],
} as const;
const TOOLS = {
  type: "array",
  minItems: 1,
  items: {
    anyOf: ["find", "fetch"].map((name) => ({
      type: "object",
      properties: { name: { const: name }, arguments: { type: "object", properties: { [name]: { type: "string" } }, required: [name] } },
      required: ["name", "arguments"],
    })),
  },
};

describe("Texts of a schema:", () => {
  it.each<Case>([
    [{ type: "null" }, "null"],
    [{ type: "boolean" }, "false"],
    [{ type: "integer" }, "-12"],
    [{ type: "number" }, "-0.5e-7"],
    [{ type: ["string", "null"] }, "null"],
    [{ type: "string" }, '"naïve 日本 👩‍🚀 \\n \\u00e9 \\" "'],
    [{ type: "string", minLength: 2, maxLength: 2 }, '"👩é"'],
    [{ const: { a: [1, "x", null] } }, '{"a":[1,"x",null]}'],
    [{ enum: ["red", 1, 10, null] }, "10"],
    [{ enum: ["red", 1, null], type: "string" }, '"red"'],
    [NAMED, '{"a":1}'],
    [NAMED, '{ "a": 1, "b": true }'],
    [NAMED, '{\n  "a": 1,\n  "b": true\n}'],
    [{ type: "object" }, '{"any":["thing",{"at":-1.5}]}'],
    [{ type: "object", properties: {} }, "{}"],
    [{ type: "object", properties: { a: true }, additionalProperties: { type: "integer" } }, '{"a":"x","ab":1,"b":2}'],
    [{ type: "object", required: ["a"] }, '{"a":[]}'],
    [{ type: "object", additionalProperties: { type: "null" }, propertyNames: { maxLength: 1 } }, '{"x":null}'],
    [{ type: "object", additionalProperties: { type: "null" }, propertyNames: { enum: ["x"] } }, '{"x":null}'],
    [{ properties: { a: { type: "null" } } }, '{"a":null}'],
    [{ type: "array" }, "[]"],
    [{ type: "array", items: { type: "null" }, minItems: 2, maxItems: 3 }, "[null, null,null ]"],
    [{ type: "array", prefixItems: [{ type: "null" }, { type: "boolean" }] }, "[null,true]"],
    [{ type: "array", items: [{ type: "null" }], additionalItems: { type: "boolean" } }, "[null,true,false]"],
    [{ type: "array", prefixItems: [{ type: "null" }], unevaluatedItems: { type: "boolean" } }, "[null,true]"],
    [{ type: "object", properties: { a: true }, unevaluatedProperties: { type: "null" } }, '{"a":1,"b":null}'],
    [{ anyOf: [{ type: "integer" }, { type: "string", maxLength: 1 }] }, '"x"'],
    [{ type: "string", oneOf: [{ const: "a" }, { const: "b" }] }, '"b"'],
    [{ oneOf: [NAMED, { type: "object", properties: { a: { type: "string" } }, required: ["a"] }] }, '{"a":"x"}'],
    [{ allOf: [{ type: "null" }], description: "one only" }, "null"],
    [{ $defs: { "a/b": { type: "null" } }, $ref: "#/$defs/a~1b" }, "null"],
    [{ definitions: { é: { type: "null" } }, $ref: "#/definitions/%C3%A9" }, "null"],
    [TREE, '{"value":1,"children":[{"value":2,"children":[]},{"value":3}]}'],
    [TOOLS, '[{"name":"find","arguments":{"find":"x"}},{"name":"fetch","arguments":{"fetch":""}}]'],
    [{}, '[{"a":null}, "x", 1e3]'],
    [{ properties: { a: true, b: false } }, '{"a":1}'],
    [{ type: "integer", title: "t", description: "d", default: 3, examples: [1], "x-own": {} }, "7"],
  ])("%j has %s", (schema, text) => {
    expect(judgeText(schema, text)).toBe("whole");
    JSON.parse(text);
  });

  it.each<Case>([
    [{ type: "integer" }, "1.5"],
    [{ type: "integer" }, "01"],
    [{ type: "number" }, ".5"],
    [{ type: "number" }, "1."],
    [{ type: "number" }, "1e999"],
    [{ type: "string" }, '"\n"'],
    [{ type: "string" }, '"\\ud800"'],
    [{ type: "string" }, '"\\x"'],
    [{ type: "string", maxLength: 1 }, '"ab"'],
    [{ type: "string", minLength: 1 }, '""'],
    [{ const: "a" }, '"b"'],
    [{ enum: ["red", 1], type: "string" }, "1"],
    [NAMED, '{"b":true}'],
    [NAMED, '{"b":true,"a":1}'],
    [NAMED, '{"a":1,"a":2}'],
    [NAMED, '{"a":1,"c":2}'],
    [NAMED, '{"a":1,}'],
    [NAMED, '{"a":1}\n'],
    [{ type: "object", properties: {} }, '{"a":1}'],
    [{ type: "object", properties: { a: { type: "null" } }, additionalProperties: true }, '{"a":1'],
    [{ type: "object", properties: { a: true }, additionalProperties: true }, '{"\\u0061"'],
    [{ type: "object", properties: { a: true }, additionalProperties: true, propertyNames: { maxLength: 1 } }, '{"ab'],
    [{ type: "array", items: { type: "null" }, maxItems: 1 }, "[null,"],
    [{ type: "array", items: false }, "[n"],
    [{ type: "array", prefixItems: [{ type: "null" }], items: false }, "[null,"],
    [{ unevaluatedItems: false }, "[1"],
    [{ prefixItems: [{ type: "null" }], unevaluatedItems: { type: "boolean" } }, "[null,1"],
    [{ type: "object", unevaluatedProperties: false }, '{"a"'],
    [{ propertyNames: { maxLength: 3 }, unevaluatedProperties: { type: "number" } }, '{"a":"'],
    [{ not: undefined, type: "null" }, "true"],
    [{ properties: { a: true, b: false } }, '{"b"'],
  ])("%j has no %s", (schema, text) => {
    expect(judgeText(schema, text)).not.toBe("whole");
  });

  it("blanks are bounded wherever they may stand", () => {
    for (const before of ["", '{"a":', '{"a":1', '{"a":1,', "{"])
      for (const blank of ["  ", "\n\n", `\n${" ".repeat(25)}`, "\t", " \n"]) expect(judgeText(NAMED, before + blank)).toBe("other");
  });

  it("lists whose items can be read in two ways are read as fast as others", () => {
    const schema = { type: "array", items: { anyOf: [{ type: "string" }, { type: "string", maxLength: 9 }] } };
    expect(judgeText(schema, `[${new Array(400).fill('"abc"').join(",")}]`)).toBe("whole");
  });

  it("a choice that leads to no end is left out", () => {
    const endless = { type: "object", properties: { again: { $ref: "#/$defs/endless" } }, required: ["again"] };
    const schema = { $defs: { endless }, anyOf: [{ $ref: "#/$defs/endless" }, { type: "null" }] };
    expect(judgeText(schema, "null")).toBe("whole");
    expect(judgeText(schema, "{")).toBe("other");
  });
});

const bound = fc.oneof(fc.integer(), fc.double({ min: -1000, max: 1000, noNaN: true }), fc.constantFrom(0, -0, 1e-9, 1e21, -2.5e-12));

describe("Numbers within bounds:", () => {
  it.each<readonly [bounds: object, inside: readonly string[], outside: readonly string[]]>([
    [{ minimum: 0 }, ["0", "7", "0.5"], ["-1", "-0.5", "1e3"]],
    [{ minimum: 18, maximum: 120, type: "integer" }, ["18", "99", "120"], ["17", "121", "1", "180", "018"]],
    [{ minimum: -5, maximum: -2 }, ["-5", "-2", "-4.75"], ["-1.9", "-5.1", "5", "0"]],
    [{ exclusiveMinimum: 0, exclusiveMaximum: 1 }, ["0.5", "0.00001", "0.99"], ["0", "1", "0.0", "1.0"]],
    [{ exclusiveMinimum: 0, type: "integer" }, ["1"], ["0", "-1"]],
    [{ minimum: 0.1, maximum: 0.3 }, ["0.1", "0.3", "0.2999"], ["0.09", "0.31", "0"]],
    [{ minimum: -9007199254740991, maximum: 9007199254740991, type: "integer" }, ["9007199254740991", "-1"], ["9007199254740992"]],
    [{ minimum: 1e-7 }, ["0.0000001", "3"], ["0.00000001"]],
  ])("%j", (bounds, inside, outside) => {
    const schema = { type: "number", ...bounds };
    for (const text of inside) expect(judgeText(schema, text), text).toBe("whole");
    for (const text of outside) expect(judgeText(schema, text), text).not.toBe("whole");
  });

  it("no text of a number is outside of the bounds, and every short number inside can be written", () => {
    const short = fc.tuple(fc.integer({ min: -99999, max: 99999 }), fc.integer({ min: 0, max: 4 }));
    const property = fc.property(bound, bound, short, (...[one, other, [digits, places]]) => {
      const [minimum, maximum] = [Math.min(one, other), Math.max(one, other)];
      const text = (digits / 10 ** places).toFixed(places);
      fc.pre(minimum <= Number(text) && Number(text) <= maximum);
      expect(judgeText({ type: "number", minimum, maximum }, text)).toBe("whole");
      expect(judgeText({ type: "number", exclusiveMinimum: Number(text) }, text)).not.toBe("whole");
      expect(judgeText({ type: "number", minimum: Number(text) + 1 / 10 ** places }, text)).not.toBe("whole");
    });
    fc.assert(property, { seed: 7 });
  });
});

describe("A schema that cannot be a format is refused with its place and advice:", () => {
  it.each<readonly [JsonSchema, string]>([
    [{ type: "string", pattern: "^a" }, "`pattern` at # (use enum, or leave it out and check it afterwards)"],
    [{ type: "object", properties: { "a/b": { type: "string", format: "email" } } }, "`format` at #/properties/a~1b (leave it out"],
    [{ items: { type: "number", multipleOf: 0.1 } }, "`multipleOf` at #/items"],
    [{ type: "array", uniqueItems: true }, "`uniqueItems` at #"],
    [{ type: "array", contains: {} }, "`contains` at #"],
    [{ not: {} }, "`not` at # (say what is allowed instead)"],
    [{ if: {} }, "`if` at #"],
    [{ type: "object", patternProperties: {} }, "`patternProperties` at #"],
    [{ type: "object", minProperties: 1 }, "`minProperties` above the number of required names at #"],
    [{ type: "object", maxProperties: 1 }, "`maxProperties` below the number of names at #"],
    [{ allOf: [{ type: "null" }, {}] }, "`allOf` at # (merge its parts into one schema)"],
    [{ oneOf: [{ type: "integer" }, { type: "number" }] }, "`oneOf` whose schemas may overlap at # (use anyOf)"],
    [{ oneOf: [{ type: "object" }, { type: "object", properties: { a: true } }] }, "`oneOf` whose schemas may overlap at #"],
    [{ anyOf: [{ type: "null" }, 3] }, "`3` for a schema at #/anyOf/1"],
    [{ type: "string", anyOf: [{ type: "null" }] }, "`type` beside `anyOf` at #"],
    [{ properties: {}, anyOf: [{}] }, "`properties` beside `anyOf` at #"],
    [{ enum: ["a"], minLength: 1 }, "`minLength` beside `enum` at #"],
    [{ $ref: "#/$defs/a", minLength: 1 }, "`minLength` beside `$ref` at #"],
    [{ $ref: "#/$defs/a" }, "a `$ref` to `#/$defs/a` at # (put what it means under $defs)"],
    [{ $ref: "https://example.org/schema" }, "a `$ref` to `https://example.org/schema` at #"],
    [{ $ref: "#/%" }, "a `$ref` to `#/%` at #"],
    [
      { $defs: { a: { $id: "b", $defs: { c: { type: "null" } }, $ref: "#/$defs/c" }, c: {} }, $ref: "#/$defs/a" },
      "`$ref` below a `$id` that is not the root's at #/$defs/a (leave that `$id` out)",
    ],
    [{ $defs: { a: { $id: "b", items: {} } }, $ref: "#/$defs/a/items" }, "a `$ref` to `#/$defs/a/items` at #"],
    [{ $ref: "#" }, "a schema that no finite value is of at #"],
    [{ type: "object", properties: { a: { $ref: "#" } }, required: ["a"] }, "a schema that no finite value is of at #"],
    [{ type: "text" }, "`type` `text` at # (use object, array"],
    [{ enum: [] }, "`enum` without any value of its type at #"],
    [{ enum: [1], type: "string" }, "`enum` without any value of its type at #"],
    [{ enum: "red" }, "`enum` that is no list at #"],
    [{ type: "object", properties: [] }, "`properties` that is no object at #"],
    [{ type: "object", properties: {}, required: ["a"], additionalProperties: false }, "`required` with `a`, which is not declared at #"],
    [{ type: "object", propertyNames: { pattern: "a" } }, "`pattern` at #/propertyNames"],
    [{ type: "object", properties: { a: true }, propertyNames: { enum: ["b"] } }, "`a`, which is declared, missing at #/propertyNames"],
    [{ type: "object", propertyNames: { minLength: 2, maxLength: 1 } }, "`minLength` above `maxLength` at #/propertyNames"],
    [{ type: "string", minLength: 2, maxLength: 1 }, "`minLength` above `maxLength` at # (swap them)"],
    [{ type: "array", minItems: 2, maxItems: 1 }, "`minItems` above `maxItems` at # (swap them)"],
    [{ type: "string", minLength: -1 }, "`minLength` that is no number at #"],
    [{ type: "integer", minimum: 0.1, maximum: 0.9 }, "bounds with no number between them at #"],
    [{ type: "integer", minimum: "1" }, "`minimum` that is no number at #"],
  ])("%j", (schema, complaint) => {
    const expected = { name: "EngineError", code: "format-unsupported", message: expect.stringContaining(`got ${complaint}`) };
    expect(() => check(schema)).toThrow(expect.objectContaining(expected));
  });

  it("in one line", () => {
    try {
      check({ type: "string", pattern: "^a" });
      expect.unreachable();
    } catch (error) {
      expect(String((error as Error).message)).toBe(
        "Expected a schema that can be a format, got `pattern` at # (use enum, or leave it out and check it afterwards)",
      );
    }
  });

  it("keywords that ask for nothing, or are about other types, are not refused", () => {
    expect(() => check({ type: "array", uniqueItems: false })).not.toThrow();
    expect(() => check({ type: "integer", format: "int32", pattern: "x", multipleOf: 1 })).not.toThrow();
    expect(() => check({ oneOf: [{ type: "object", properties: { t: { const: 1 } }, required: ["t"] }, { type: "null" }] })).not.toThrow();
  });
});
