import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { sampleMany } from "../../../src/core/decoding.ts";
import type { JsonSchema } from "../../../src/core/engine.ts";
import { EngineError } from "../../../src/core/errors.ts";
import { Meter } from "../../../src/core/meter.ts";
import { compileSchema } from "../../../src/engines/json-format/compile-schema.ts";
import { loadLlamaEngine } from "../../../src/llama.ts";
import { someText } from "../../support/json-texts.ts";
import { anySchema } from "../../support/random-schema.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";

const folder = temporaryFolder();
const engine = await loadLlamaEngine({ model: writeTinyModel(`${folder.path}/tiny.gguf`), gpu: false });
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

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
    compileSchema(schema);
    return true;
  } catch (error) {
    if (error instanceof EngineError && error.code === "format-unsupported") return false;
    throw error;
  }
}
