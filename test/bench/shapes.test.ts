import { afterAll, describe, expect, it } from "vitest";
import { RandomWeights } from "../../bench/random-weights.ts";
import { SHAPES, type Shape, writeShapedModel } from "../../bench/shapes.ts";
import { loadLlamaEngine } from "../../src/llama.ts";
import { temporaryFolder } from "../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

function load(name: string, shape: Shape) {
  const model = `${folder.path}/${name}.gguf`;
  writeShapedModel(model, shape);
  return loadLlamaEngine({ model, gpu: false, threads: 1, sequences: 1, contextSize: 512 });
}

describe("a model of random weights", () => {
  it("reads the judge's short question as seven tokens, and its labels as one each", async () => {
    await using engine = await load("tied", SHAPES.tiny);
    expect(engine.tokenizer.tokenize("\nA harmless, B harmful:")).toHaveLength(7);
    expect([engine.tokenizer.tokenize(" A"), engine.tokenizer.tokenize(" B")].map(({ length }) => length)).toEqual([1, 1]);
  });

  it("may read and write tokens with two matrices, or with one", async () => {
    await using tied = await load("tied", SHAPES.tiny);
    await using untied = await load("untied", { ...SHAPES.tiny, isTied: false });
    expect(untied.facts.fileBytes).toBeGreaterThan(tied.facts.fileBytes);
    expect(untied.facts.parameters - tied.facts.parameters).toBe(SHAPES.tiny.width * SHAPES.tiny.vocabulary);
  });
});

describe("random weights", () => {
  it("come in pieces that go on where the last one ended", () => {
    const { data } = new RandomWeights(1).matrix("large", [64, 40_000]);
    if (typeof data !== "function") throw new TypeError("Expected pieces, got all at once");
    const values: number[] = [];
    for (const piece of data()) for (const value of piece) values.push(value);
    expect(values).toHaveLength(64 * 40_000);
    // The block has 1,000,003 numbers: the value so far behind is the same.
    for (const index of [1_000_003, 1_048_576, 2_100_000]) expect(values[index]).toBe(values[index - 1_000_003]);
  });
});
