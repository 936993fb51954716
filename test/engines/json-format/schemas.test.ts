import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../../src/core/index.ts";
import { checkSchema as check, judgeText } from "../../support/format-texts.ts";

type Case = readonly [schema: JsonSchema, text: string];

const NAMED = { type: "object", properties: { a: { type: "integer" }, b: { type: "boolean" } }, required: ["a"] } as const;
const TREE = {
  type: "object",
  properties: { value: { type: "integer" }, children: { type: "array", items: { $ref: "#" } } },
  required: ["value"],
} as const;
const CONDITIONAL: JsonSchema = JSON.parse(
  '{ "properties": { "a": { "enum": [1, 2] }, "b": true }, "if": { "properties": { "a": { "const": 1 } } }, "then": { "required": ["b"] } }',
);
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
    [{ type: "string", pattern: "b+" }, '"abba"'],
    [{ type: "string", pattern: "^a", minLength: 3 }, '"abc"'],
    [{ type: "number", multipleOf: 0.1 }, "-3.7"],
    [{ type: "integer", multipleOf: 15, minimum: 40, maximum: 50 }, "45"],
    [
      {
        allOf: [
          { type: "object", properties: { a: { type: "integer" } } },
          { properties: { b: true }, required: ["b"] },
        ],
      },
      '{"a":1,"b":[]}',
    ],
    [{ allOf: [{ $ref: "#/$defs/named" }], $defs: { named: NAMED }, properties: { c: { type: "null" } } }, '{"c":null,"a":1}'],
    [{ type: "object", properties: { a: true }, anyOf: [{ required: ["a"] }, { maxProperties: 0 }] }, "{}"],
    [{ oneOf: [{ type: "integer" }, { minimum: 2, type: "number" }] }, "2.5"],
    [{ oneOf: [{ type: "integer" }, { minimum: 2, type: "number" }] }, "1"],
    [{ type: "string", not: { enum: ["a", "b"] } }, '"ab"'],
    [{ type: "integer", not: { const: 3 } }, "4"],
    [CONDITIONAL, '{"a":2}'],
    [{ type: "object", properties: { a: true, b: true }, dependentRequired: { a: ["b"] } }, '{"b":1}'],
    [{ type: "object", patternProperties: { "^x": { type: "integer" } } }, '{"x1":1,"x":2}'],
    [{ type: "object", additionalProperties: { type: "null" }, propertyNames: { pattern: "^[a-z]+$" } }, '{"ab":null}'],
    [{ type: "object", additionalProperties: { type: "null" }, minProperties: 1, maxProperties: 2 }, '{"a":null,"b":null}'],
    [{ type: "object", properties: { a: true, b: true, c: true }, minProperties: 2, maxProperties: 2 }, '{"a":1,"c":1}'],
    [{ type: "array", contains: { const: 1 }, maxItems: 3 }, "[0,1,0]"],
    [{ type: "array", items: { type: "integer" }, contains: { minimum: 5 }, minContains: 2, maxContains: 2 }, "[5,1,7]"],
    [{ type: "array", prefixItems: [{ type: "null" }, { type: "boolean" }], minItems: 1 }, "[null]"],
    [{ $defs: { a: { $anchor: "here", type: "null" } }, $ref: "#here" }, "null"],
    [{ $id: "https://example.org/a", $defs: { a: { $id: "b", type: "null" } }, $ref: "https://example.org/b" }, "null"],
    [{ $defs: { a: { $id: "b", $defs: { c: { type: "null" } }, $ref: "#/$defs/c" }, c: {} }, $ref: "#/$defs/a" }, "null"],
    [{ enum: ["a", { b: [1] }, [2]] }, '{"b":[1]}'],
    [{ enum: ["a", "abc"], minLength: 2 }, '"abc"'],
    [{ type: "string", anyOf: [{ minLength: 3 }, { type: "null" }] }, '"abc"'],
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
    [{ type: "string" }, '"\\U0061"'],
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
    [{ type: "string", pattern: "^a$" }, '"ab"'],
    [{ type: "string", format: "date" }, '"2023-02-29"'],
    [{ type: "number", multipleOf: 0.25 }, "0.3"],
    [{ type: "integer", multipleOf: 3 }, "9850411091767803"],
    [{ type: "number", multipleOf: 0.25 }, "1e3"],
    [{ allOf: [{ type: "object", properties: { a: { type: "integer" } } }, { properties: { a: { maximum: 3 } } }] }, '{"a":4}'],
    [{ oneOf: [{ type: "integer" }, { minimum: 2, type: "number" }] }, "2"],
    [{ type: "string", not: { enum: ["a", "b"] } }, '"b"'],
    [{ type: "integer", not: { const: 3 } }, "3"],
    [CONDITIONAL, '{"a":1}'],
    [{ type: "object", properties: { a: true, b: true }, dependentRequired: { a: ["b"] } }, '{"a":1}'],
    [{ type: "object", patternProperties: { "^x": { type: "integer" } }, additionalProperties: false }, '{"y"'],
    [{ type: "object", additionalProperties: { type: "null" }, propertyNames: { pattern: "^[a-z]+$" } }, '{"A"'],
    [{ type: "object", additionalProperties: { type: "null" }, minProperties: 1, maxProperties: 2 }, "{}"],
    [{ type: "object", additionalProperties: { type: "null" }, maxProperties: 1 }, '{"a":null,'],
    [{ type: "object", properties: { a: true, b: true, c: true }, minProperties: 2, maxProperties: 2 }, '{"c":1}'],
    [{ type: "array", contains: { const: 1 }, maxItems: 2 }, "[0,0"],
    [{ type: "array", items: { type: "integer" }, contains: { minimum: 5 }, maxContains: 1 }, "[5,7]"],
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
    [{ type: "string", format: "credit-card" }, "`format` `credit-card` at # (use date, time, date-time"],
    [{ type: "object", properties: { "a/b": { type: "string", format: "regex" } } }, "`format` `regex` at #/properties/a~1b (use date"],
    [{ type: "string", pattern: 3 }, "`pattern` that is no text at #"],
    [{ items: { type: "number", multipleOf: 1e-20 } }, "`multipleOf` that is not above 0, or finer than 15 digits at #/items"],
    [{ type: "array", uniqueItems: true }, "`uniqueItems` at # (leave it out, or check it afterwards)"],
    [{ $dynamicRef: "#a" }, "`$dynamicRef` at # (use $ref)"],
    [{ type: "array", contains: {}, minContains: 2, maxContains: 1 }, "`minContains` above `maxContains` at #"],
    [{ type: "array", contains: { const: 1 }, minItems: 90_000, maxItems: 90_000 }, "`contains` with bounds that far at #"],
    [{ type: "object", minProperties: 3 }, "`minProperties` above the number of names that are known at #"],
    [{ type: "object", maxProperties: 1, required: ["a", "b"] }, "a schema that no JSON value fulfils at #"],
    [
      { unevaluatedProperties: false, not: { not: { properties: { a: true }, required: ["a"] } } },
      "a schema that no JSON value fulfils at #",
    ],
    [{ not: {} }, "a schema that no JSON value fulfils at # (what it asks for contradicts itself)"],
    [{ allOf: [{ type: "string" }, { type: "number" }] }, "a schema that no JSON value fulfils at #"],
    [{ type: "string", anyOf: [{ type: "null" }] }, "a schema that no JSON value fulfils at #"],
    [{ enum: ["a"], minLength: 2 }, "a schema that no JSON value fulfils at #"],
    [{ enum: [1], type: "string" }, "a schema that no JSON value fulfils at #"],
    [{ allOf: [{ minimum: 3 }, { maximum: 2 }] }, "a schema that no JSON value fulfils at #"],
    [{ type: "string", allOf: [{ pattern: "^a" }, { pattern: "^b" }] }, "a schema that no JSON value fulfils at #"],
    [{ type: "string", pattern: "^(?:abc)+$", minLength: 4, maxLength: 5 }, "a schema that no JSON value fulfils at #"],
    [
      { type: "object", properties: { a: { allOf: [{ const: 1 }, { const: 2 }] } }, required: ["a"] },
      "a schema that no JSON value fulfils at #/properties/a",
    ],
    [{ oneOf: [{ type: "object" }, { type: "object", properties: { a: true } }] }, "`oneOf` whose schemas may overlap at # (use anyOf)"],
    [{ anyOf: [{ type: "null" }, 3] }, "`3` for a schema at #/anyOf/1"],
    [
      { anyOf: Array.from({ length: 40 }, (_, a) => ({ minimum: a })), allOf: [{ anyOf: Array(40).fill({ minimum: 1 }) }] },
      "more than 500 cases at #",
    ],
    [{ $ref: "#/$defs/a" }, "a `$ref` to `#/$defs/a` at # (put what it means under $defs)"],
    [{ $ref: "https://example.org/schema" }, "a `$ref` to `https://example.org/schema` at #"],
    [{ $ref: "#/%" }, "a `$ref` to `#/%` at #"],
    [{ $defs: { a: { $id: "b", items: {} } }, $ref: "#/$defs/a/items" }, "a `$ref` to `#/$defs/a/items` at #"],
    [{ $ref: "#" }, "a schema that is only itself at # (give the recursion a way to end)"],
    [{ type: "object", properties: { a: { $ref: "#" } }, required: ["a"] }, "a schema that no finite value is of at #"],
    [{ type: "text" }, "`type` `text` at # (use object, array"],
    [{ enum: [] }, "`enum` without any value at #"],
    [{ enum: "red" }, "`enum` that is no list at #"],
    [{ type: "object", properties: [] }, "`properties` that is no object at #"],
    [{ type: "object", properties: {}, required: ["a"], additionalProperties: false }, "`required` with `a`, which is not declared at #"],
    [{ type: "object", propertyNames: { minLength: 2, maxLength: 1 } }, "`minLength` above `maxLength` at #/propertyNames"],
    [{ type: "string", minLength: 2, maxLength: 1 }, "`minLength` above `maxLength` at # (swap them)"],
    [{ type: "array", minItems: 2, maxItems: 1 }, "`minItems` above `maxItems` at # (swap them)"],
    [{ type: "string", minLength: -1 }, "`minLength` that is no number at #"],
    [{ type: "integer", minimum: 0.1, maximum: 0.9 }, "bounds with no number between them at #"],
    [{ type: "integer", minimum: 3, maximum: 2 }, "bounds with no number between them at #"],
    [{ type: "integer", minimum: "1" }, "`minimum` that is no number at #"],
  ])("%j", (schema, complaint) => {
    const expected = { name: "EngineError", code: "format-unsupported", message: expect.stringContaining(`got ${complaint}`) };
    expect(() => check(schema)).toThrow(expect.objectContaining(expected));
  });

  it("in one line", () => {
    try {
      check({ type: "string", pattern: "(?<=a)b" });
      expect.unreachable();
    } catch (error) {
      expect(String((error as Error).message)).toBe(
        "Expected a schema that can be a format, got a `pattern` with a look-behind at # (say the same without, or check it afterwards)",
      );
    }
  });

  it("keywords that ask for nothing, or are about other types, are not refused", () => {
    expect(() => check({ type: "array", uniqueItems: false })).not.toThrow();
    expect(() => check({ type: "integer", format: "int32", pattern: "x", multipleOf: 1 })).not.toThrow();
    expect(() => check({ oneOf: [{ type: "object", properties: { t: { const: 1 } }, required: ["t"] }, { type: "null" }] })).not.toThrow();
  });
});

it("A duration comes to an end, however its model goes on: it has 40 characters at most", () => {
  const written = (digits: number) => judgeText({ type: "string", format: "duration" }, JSON.stringify(`P${"9".repeat(digits)}D`));
  expect([1, 38, 39].map(written)).toEqual(["whole", "whole", "other"]);
});
