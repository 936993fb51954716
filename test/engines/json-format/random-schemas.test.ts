import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { EngineError, type Formats, type JsonSchema, Meter, sampleMany, type Token } from "../../../src/core/index.ts";
import { loadLlamaEngine } from "../../../src/llama.ts";
import { END_TOKEN } from "../../support/byte-vocabulary.ts";
import { scriptedEngine } from "../../support/scripted-engine.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";

const { formats, tokenizer } = scriptedEngine({ pieces: [], next: () => ({}) });
const bytes = { formats: formats as Formats, tokenizer };
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
const anySchema: fc.Arbitrary<JsonSchema> = fc
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

/** The tokens that random texts are made of: all signs of JSON, and some characters of one to four bytes. */
const ALPHABET: ReadonlySet<Token> = new Set(bytes.tokenizer.tokenize(' \n{}[]:,"\\/+-.0123456789abcdefghijklmnopqrstuvwxyzDEé日本👩'));

/** One of the texts of a schema, written byte by byte with these choices; it closes as soon as it can once `patience` is used up. */
function someText(schema: JsonSchema, choose: (count: number) => number, patience = 200): string {
  const tokens: Token[] = [];
  let written = bytes.formats.begin({ format: { type: "json", schema }, prefix: [] });
  for (;;) {
    const next = (written.allowed(Number.POSITIVE_INFINITY) ?? []).filter((token) => ALPHABET.has(token));
    const isPatient = tokens.length <= patience;
    const isComplete = written.allows(END_TOKEN);
    if (isComplete && (!isPatient || choose(next.length + 1) === next.length)) return bytes.tokenizer.detokenize(tokens);
    const chosen = isPatient ? next[choose(next.length)] : shortest(next);
    const after = chosen === undefined ? undefined : written.after(chosen);
    if (chosen === undefined || after === undefined) throw new Error(`Expected something to follow ${tokens}, got nothing`);
    tokens.push(chosen);
    written = after;
  }
}

/** Closing signs first, a string's before all others, which may stand in it: so a text comes to its end. */
function shortest(next: readonly Token[]): Token | undefined {
  return bytes.tokenizer.tokenize('"]}0e').find((token) => next.includes(token)) ?? next[0];
}

describe("Whatever the schema,", () => {
  it("every text that it lets be written parses and is valid, and none runs into a place where nothing may follow", () => {
    fc.assert(
      fc.property(anySchema, fc.infiniteStream(fc.nat()), (schema, choices) => {
        fc.pre(isFormat(schema));
        const written = someText(schema, (count) => (choices.next().value as number) % count);
        expectValid(schema, written);
      }),
      { numRuns: 200, seed: 5 },
    );
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
      if (!engine.tokenizer.isEnd(tokens.at(-1) as number)) return expect(tokens).toHaveLength(160);
      ended++;
      expectValid(schema, engine.tokenizer.detokenize(tokens, prefix));
    });
    await fc.assert(property, { numRuns: runs, seed: 6 });
    expect(ended).toBeGreaterThan(runs / 2);
  });
});

function expectValid(schema: JsonSchema, written: string): void {
  const isValid = new Ajv2020({ strict: false, unicodeRegExp: true }).compile(schema);
  expect(isValid(JSON.parse(written)), `${JSON.stringify(schema)} and ${written}: ${JSON.stringify(isValid.errors)}`).toBe(true);
}

/** Some random bounds leave no number between them. */
function isFormat(schema: JsonSchema): boolean {
  try {
    bytes.formats.check({ type: "json", schema });
    return true;
  } catch (error) {
    if (error instanceof EngineError && error.code === "format-unsupported") return false;
    throw error;
  }
}
