import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { type JsonSchema, Meter, sampleMany } from "../../../src/core/index.ts";
import { loadLlamaEngine } from "../../../src/llama.ts";
import { isFormat, judgeText, someText } from "../../support/format-texts.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";

const folder = temporaryFolder();
const engine = await loadLlamaEngine({ model: writeTinyModel(`${folder.path}/tiny.gguf`), gpu: false });
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const NAMES = ["a", "b", "ab", "é", "name"] as const;
const value = fc.oneof(fc.constantFrom(null, true, 0, -1, 12, 1.5, "", "a", "日本", 'q"\\'), fc.constant({ a: [1] }));
const small = fc.integer({ min: 0, max: 3 });

const text = fc.record({ least: small, more: fc.option(small) }).map(({ least, more }) => ({
  type: "string",
  minLength: least,
  // A random model would take very long to end a string of any length.
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

const pattern = fc.record({
  type: fc.constant("string"),
  pattern: fc.constantFrom("^[ab]{1,4}$", "^a|^b$", "^(?=..)[a-z]{0,5}$", "^(?!ab)[ab]{2,3}$", "^\\d{2}$", "^é?日?$"),
  minLength: fc.nat({ max: 2 }),
});

const multiple = fc.record({
  type: fc.constant("number"),
  multipleOf: fc.constantFrom(1, 0.5, 3, 0.125),
  minimum: fc.integer({ min: -9, max: 9 }),
});

const leaf: fc.Arbitrary<JsonSchema> = fc.oneof(
  text,
  number,
  pattern,
  multiple,
  fc.constantFrom({ type: "boolean" }, { type: "null" }, { type: ["null", "boolean"] }),
  fc
    .array(value, { minLength: 1, maxLength: 3 })
    .map((values) => ({ enum: [...new Map(values.map((one) => [JSON.stringify(one), one])).values()] })),
  value.map((constant) => ({ const: constant })),
  fc.constant({ $ref: "#/$defs/leaf" }),
);

/** Schemas of all keywords that are obeyed, small enough that a model with random weights comes to an end. */
const anySchema: fc.Arbitrary<JsonSchema> = fc
  .letrec<Record<"schema" | "object" | "array" | "choice" | "rule", JsonSchema>>((tie) => ({
    schema: fc.oneof({ maxDepth: 2, depthIdentifier: "schema" }, leaf, tie("object"), tie("array"), tie("choice"), tie("rule")),
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
    choice: fc
      .record({
        keyword: fc.constantFrom("anyOf", "anyOf", "oneOf", "allOf"),
        parts: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }),
      })
      .map(({ keyword, parts }) => ({ [keyword]: parts })),
    rule: fc.oneof(
      fc.record({ type: fc.constant("array"), contains: tie("schema"), minContains: small, maxItems: fc.constant(3) }),
      fc.record({
        type: fc.constant("array"),
        items: tie("schema"),
        contains: tie("schema"),
        maxContains: small,
        maxItems: fc.constant(3),
      }),
      fc.record({ not: tie("schema"), type: fc.constantFrom("string", "integer", "boolean", "object"), maxLength: fc.constant(3) }),
      fc
        .tuple(tie("schema"), tie("schema"), tie("schema"))
        .map((parts) => Object.fromEntries(["if", "then", "else"].map((name, at) => [name, parts[at]]))),
      fc.record({
        type: fc.constant("object"),
        patternProperties: fc.record({ "^a": tie("schema") }),
        additionalProperties: fc.oneof(fc.constant(false), tie("schema")),
        maxProperties: small,
      }),
      fc.record({ type: fc.constant("object"), propertyNames: pattern, additionalProperties: tie("schema"), maxProperties: small }),
      fc.record({ allOf: fc.tuple(tie("object"), tie("object")), unevaluatedProperties: fc.constant(false) }),
      // Ajv takes items that an anyOf has evaluated for unevaluated ones, unless they stand first.
      fc.tuple(tie("schema"), tie("schema")).map(([first, second]) => ({
        type: "array",
        anyOf: [{ prefixItems: [first] }, { prefixItems: [first, second] }],
        unevaluatedItems: false,
      })),
      fc.record({
        type: fc.constant("object"),
        properties: fc.record({ a: tie("schema"), b: tie("schema") }),
        dependentRequired: fc.constant({ a: ["b"] }),
      }),
    ),
  }))
  .schema.map((schema) => ({ ...schema, $defs: { leaf: { enum: ["leaf"] } } }));

describe("Whatever the schema,", () => {
  it("every text that it lets be written parses and is valid, and none runs into a place where nothing may follow", () => {
    fc.assert(
      fc.property(anySchema, fc.infiniteStream(fc.nat()), (schema, choices) => {
        fc.pre(isFormat(schema));
        const written = someText(schema, (count) => (choices.next().value as number) % count);
        expectValid(schema, written);
      }),
      { numRuns: 120, seed: 5 },
    );
  });

  it("no value that is invalid can be written", () => {
    const json = fc.jsonValue({ maxDepth: 2, noUnicodeString: false }).filter((one) => JSON.stringify(one) !== undefined);
    const near = fc.oneof(value, json, fc.array(value, { maxLength: 3 }), fc.dictionary(fc.constantFrom(...NAMES), value, { maxKeys: 3 }));
    const property = fc.property(anySchema, fc.array(near, { minLength: 8, maxLength: 8 }), (schema, values) => {
      fc.pre(isFormat(schema));
      const isValid = validator(schema);
      for (const one of values) {
        const written = JSON.stringify(one);
        if (!isValid(JSON.parse(written))) expect(judgeText(schema, written), `${JSON.stringify(schema)} and ${written}`).not.toBe("whole");
      }
    });
    fc.assert(property, { numRuns: 120, seed: 4 });
  });

  it("a model with random weights writes what parses and is valid, or is cut at its limit", async () => {
    let ended = 0;
    const runs = 60;
    const property = fc.asyncProperty(anySchema, fc.nat(), async (schema, seed) => {
      fc.pre(isFormat(schema));
      const prefix = engine.tokenizer.renderText("The rain");
      const sampling = { temperature: 1, topK: 40, topP: 0.95, seed };
      const continuation = { prefix, sampling, maxTokens: 160, format: { type: "json", schema } } as const;
      const drawn = (await sampleMany(engine, [continuation], { purpose: "draft", meter: new Meter() }))[0] ?? [];
      const tokens = drawn.map(({ token }) => token);
      if (engine.tokenizer.isEnd(tokens.at(-1) as number)) {
        ended++;
        expectValid(schema, engine.tokenizer.detokenize(tokens, prefix));
      } else expect(tokens).toHaveLength(160);
    });
    await fc.assert(property, { numRuns: runs, seed: 6 });
    expect(ended).toBeGreaterThan(runs / 2);
  });
});

function expectValid(schema: JsonSchema, written: string): void {
  const isValid = validator(schema);
  expect(isValid(JSON.parse(written)), `${JSON.stringify(schema)} and ${written}: ${JSON.stringify(isValid.errors)}`).toBe(true);
}

function validator(schema: JsonSchema): ValidateFunction {
  return new Ajv2020({ strict: false, unicodeRegExp: true, validateFormats: false }).compile(schema);
}
