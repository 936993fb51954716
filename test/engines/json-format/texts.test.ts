import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../../src/core/engine.ts";
import { judgeText } from "../../support/json-texts.ts";

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
