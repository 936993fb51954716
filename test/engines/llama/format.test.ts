import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Continuation, type JsonFormat, likeliest, Meter, sampleMany } from "../../../src/core/index.ts";
import { type LlamaEngine, loadLlamaEngine } from "../../../src/llama.ts";
import { type GgufValue, int32s } from "../../../training/gguf-writer.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const pieces = writeTinyModel(`${folder.path}/pieces.gguf`);
const bytes = writeTinyModel(`${folder.path}/bytes.gguf`, { metadata: byteLevelVocabulary() });

/** In both vocabularies. */
const END = 2;
const SPECIAL = [0, 1, END];

/** As GPT-2's: each byte is written as a letter, and a few longer pieces follow. Padded to the size of the other vocabulary. */
function byteLevelVocabulary(): Record<string, GgufValue> {
  const others = Array.from({ length: 68 }, (_, index) => String.fromCharCode(0x100 + index));
  const isPrintable = (byte: number) => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  const letters = Array.from({ length: 256 }, (_, byte) => (isPrintable(byte) ? String.fromCharCode(byte) : (others.shift() as string)));
  const longer = [
    "\u0120t",
    "he",
    "\u0120the",
    '{"',
    '":',
    "\u0120\u00e6\u0139",
    ...Array.from({ length: 103 }, (_, index) => `pad${index}`),
  ];
  return {
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "gpt-2",
    "tokenizer.ggml.tokens": ["<unk>", "<s>", "</s>", ...letters, ...longer],
    "tokenizer.ggml.token_type": int32s([2, 3, 3, ...letters.map(() => 1), ...longer.map(() => 1)]),
    "tokenizer.ggml.merges": ["\u0120 t", "h e", "\u0120t he", '{ "', '" :'],
  };
}

describe.each([
  ["pieces and single bytes", pieces],
  ["bytes written as letters", bytes],
])("A vocabulary of %s", (_, model) => {
  let engine: LlamaEngine;
  beforeAll(async () => {
    engine = await loadLlamaEngine({ model, gpu: false, threads: 1 });
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  it("is known byte by byte: the tokens of a text are what its format lets be written, one by one, and nothing follows but the end", () => {
    const { formats, tokenizer } = engine;
    const texts = fc.oneof(fc.constant('the rain {"a": [1, 2]}'), fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }));
    fc.assert(
      fc.property(texts, (said) => {
        const prefix = tokenizer.tokenize(JSON.stringify(said));
        const written = formats.begin({ format: { type: "json", schema: { const: said } }, prefix, formatStart: 0 });
        expect([written.allows(END), written.allows(tokenizer.tokenize("a")[0] as number)]).toEqual([true, false]);
      }),
      { numRuns: 40, seed: 7 },
    );
  });

  it("has special tokens that stand in no text", () => {
    const { formats, tokenizer } = engine;
    const open = formats.begin({ format: { type: "json", schema: {} }, prefix: tokenizer.tokenize('"'), formatStart: 0 });
    expect(SPECIAL.map((token) => open.allows(token))).toEqual([false, false, false]);
  });

  it("writes characters of several tokens under a format", async () => {
    const format: JsonFormat = {
      type: "json",
      schema: { type: "array", items: { enum: ["日本", "👩‍🚀", "é"] }, minItems: 3, maxItems: 3 },
    };
    const prefix = engine.tokenizer.renderText("The rain");
    const continuation: Continuation = { prefix, sampling: { temperature: 1, topK: 40, topP: 1, seed: 4 }, maxTokens: 99, format };
    const [drawn = []] = await sampleMany(engine, [continuation], { purpose: "draft", meter: new Meter() });
    const text = engine.tokenizer.detokenize(
      drawn.map(({ token }) => token),
      prefix,
    );
    expect(JSON.parse(text)).toHaveLength(3);
    expect(text).toMatch(/日本|👩‍🚀|é/);
  });
});

describe("Under a format", () => {
  it("the likeliest allowed tokens are found, however far down they stand", async () => {
    await using engine = await loadLlamaEngine({ model: pieces, gpu: false });
    const prefix = engine.tokenizer.renderText("The rain");
    const call = { purpose: "expand", meter: new Meter() } as const;
    const { vocabularySize } = engine.facts;
    // Inside a string so many are allowed that they are looked for among the likeliest of all.
    const format: JsonFormat = { type: "json", schema: { type: "string" } };
    const open = [...prefix, ...engine.tokenizer.tokenize('"')];
    const plain = await likeliest(engine, { prefix: open, count: vocabularySize }, call);
    for (const count of [1, 40, 200]) {
      const found = await likeliest(engine, { prefix: open, count, format, formatStart: prefix.length }, call);
      const allowed = plain.filter(({ token }) => canStandInString(token, engine.tokenizer.detokenize([token], open)));
      expect(found.map(({ token }) => token)).toEqual(allowed.slice(0, count).map(({ token }) => token));
    }
  });
});

/** In this vocabulary the bytes stand behind three special tokens; some of them begin a character of several bytes. */
function canStandInString(token: number, text: string): boolean {
  const byte = token - 3;
  if (byte >= 0x80 && byte <= 0xff) return byte >= 0xc2 && byte <= 0xf4;
  return text !== "" && text >= " ";
}
