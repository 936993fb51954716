import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../../src/core/engine.ts";
import { compileSchema } from "../../../src/engines/json-format/compile-schema.ts";

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
    [{ type: "string", minLength: 2, maxLength: 1 }, "`minLength` above `maxLength` at # (swap them)"],
    [{ type: "array", minItems: 2, maxItems: 1 }, "`minItems` above `maxItems` at # (swap them)"],
    [{ type: "string", minLength: -1 }, "`minLength` that is no number at #"],
    [{ type: "integer", minimum: 0.1, maximum: 0.9 }, "bounds with no number between them at #"],
    [{ type: "integer", minimum: "1" }, "`minimum` that is no number at #"],
  ])("%j", (schema, complaint) => {
    const expected = { name: "EngineError", code: "format-unsupported", message: expect.stringContaining(`got ${complaint}`) };
    expect(() => compileSchema(schema)).toThrow(expect.objectContaining(expected));
  });

  it("in one line", () => {
    try {
      compileSchema({ type: "string", pattern: "^a" });
      expect.unreachable();
    } catch (error) {
      expect(String((error as Error).message)).toBe(
        "Expected a schema that can be a format, got `pattern` at # (use enum, or leave it out and check it afterwards)",
      );
    }
  });

  it("keywords that ask for nothing, or are about other types, are not refused", () => {
    expect(() => compileSchema({ type: "array", uniqueItems: false })).not.toThrow();
    expect(() => compileSchema({ type: "integer", format: "int32", pattern: "x", multipleOf: 1 })).not.toThrow();
    expect(() =>
      compileSchema({ oneOf: [{ type: "object", properties: { t: { const: 1 } }, required: ["t"] }, { type: "null" }] }),
    ).not.toThrow();
  });
});
