import fc from "fast-check";
import type { JsonSchema } from "../../src/core/engine.ts";

const NAMES = ["a", "b", "ab", "é", "name"] as const;
const value = fc.oneof(fc.constantFrom(null, true, 0, -1, 12, 1.5, "", "a", "日本", 'q"\\'), fc.constant({ a: [1] }));
const small = fc.integer({ min: 0, max: 3 });

const text = fc.record({ least: small, more: fc.option(small) }).map(({ least, more }) => ({
  type: "string",
  minLength: least,
  // Nobody waits for a random model to end a string of any length.
  maxLength: least + (more ?? 4),
}));

const bounds = fc.record({
  low: fc.option(fc.oneof(fc.integer({ min: -200, max: 200 }), fc.double({ min: -2, max: 2, noNaN: true, noDefaultInfinity: true }))),
  size: fc.option(fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.constantFrom(0.5, 0.125))),
});
const number = fc
  .record({ isInteger: fc.boolean(), isExclusive: fc.boolean(), bounds })
  .map(({ isInteger, isExclusive, bounds: { low, size } }) => ({
    type: isInteger ? "integer" : "number",
    ...(low === null ? {} : { [isExclusive ? "exclusiveMinimum" : "minimum"]: low }),
    ...(low === null || size === null ? {} : { maximum: low + size + (isInteger ? 2 : 0) }),
  }));

const leaf: fc.Arbitrary<JsonSchema> = fc.oneof(
  text,
  number,
  fc.constantFrom({ type: "boolean" }, { type: "null" }, { type: ["null", "boolean"] }),
  fc
    .array(value, { minLength: 1, maxLength: 3 })
    .map((values) => ({ enum: [...new Map(values.map((one) => [JSON.stringify(one), one])).values()] })),
  value.map((constant) => ({ const: constant })),
  fc.constant({ $ref: "#/$defs/leaf" }),
);

/** Schemas of all keywords that are obeyed, small enough that a model with random weights comes to an end. */
export const anySchema: fc.Arbitrary<JsonSchema> = fc
  .letrec<Record<"schema" | "object" | "array" | "choice", JsonSchema>>((tie) => ({
    schema: fc.oneof({ maxDepth: 2, depthIdentifier: "schema" }, leaf, tie("object"), tie("array"), tie("choice")),
    object: fc
      .record({
        names: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 3 }),
        parts: fc.array(tie("schema"), { minLength: 3, maxLength: 3 }),
        required: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
        others: fc.constantFrom(undefined, false, { type: "null" }),
      })
      .map(({ names, parts, required, others }) => ({
        type: "object",
        properties: Object.fromEntries(names.map((name, index) => [name, parts[index]])),
        required: names.filter((_, index) => required[index]),
        ...(others === undefined ? {} : { additionalProperties: others }),
      })),
    array: fc
      .record({ items: tie("schema"), least: small, more: small, first: fc.option(tie("schema")) })
      .map(({ items, least, more, first }) => ({
        type: "array",
        items,
        minItems: least,
        maxItems: least + more,
        ...(first === null ? {} : { prefixItems: [first] }),
      })),
    choice: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
  }))
  .schema.map((schema) => ({ ...schema, $defs: { leaf: { enum: ["leaf"] } } }));
