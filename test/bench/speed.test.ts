import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { measureGrowth } from "../../bench/growth.ts";
import { measurePairs, type Row, rowOf } from "../../bench/paired.ts";
import { SHAPES, writeShapedModel } from "../../bench/shapes.ts";
import { type LlamaEngine, loadLlamaEngine } from "../../src/llama.ts";
import { temporaryFolder } from "../support/tiny-model.ts";

const TOKENS = 60;
const folder = temporaryFolder();
let engine: LlamaEngine;
beforeAll(async () => {
  const model = `${folder.path}/tiny.gguf`;
  writeShapedModel(model, SHAPES.tiny);
  engine = await loadLlamaEngine({ model, gpu: false, threads: 1, sequences: 8, contextSize: 512 });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

describe("a model of random weights", () => {
  it("reads the judge's short question as seven tokens, and its labels as one each", () => {
    expect(engine.tokenize("\nA harmless, B harmful:")).toHaveLength(7);
    expect([engine.tokenize(" A"), engine.tokenize(" B")].map(({ length }) => length)).toEqual([1, 1]);
  });

  it("may read and write tokens with two matrices, or with one", async () => {
    const model = `${folder.path}/untied.gguf`;
    writeShapedModel(model, { ...SHAPES.tiny, isTied: false });
    await using untied = await loadLlamaEngine({ model, gpu: false, threads: 1, sequences: 1, contextSize: 512 });
    expect(untied.facts.fileBytes).toBeGreaterThan(engine.facts.fileBytes);
  });
});

describe("answers of which none is flagged", () => {
  let row: Row;
  let lengths: number[];
  beforeAll(async () => {
    const measured = await pairsWith(0);
    row = rowOf("unflagged", measured);
    lengths = measured.flatMap(({ plain, adaptive }) => [plain.tokens.length, adaptive.tokens.length]);
  });

  it("are as long as they may be, however often the model would have ended them", () => {
    expect(new Set(lengths)).toEqual(new Set([TOKENS]));
  });

  it("are token for token the plain ones, and nothing is drawn in vain", () => {
    expect(row).toMatchObject({ identical: 1, waste: 0, pairs: 3 });
  });

  it("cost a forward token each and the questions, whoever of a pair went first", () => {
    expect(row.fpe).toBeGreaterThan(1);
    expect(row.fpe).toBeLessThan(2);
  });

  it("make a row of finite figures, its median inside its interval", () => {
    const { name, mode, ...figures } = row;
    expect([name, mode]).toEqual(["unflagged", "adaptive"]);
    expect(Object.values(figures).every(Number.isFinite)).toBe(true);
    expect(row.low).toBeLessThanOrEqual(row.ratio);
    expect(row.ratio).toBeLessThanOrEqual(row.high);
  });
});

describe("plain decoding", () => {
  it("computes every token also when the other of the pair has just written the same text", async () => {
    const measured = await pairsWith(0);
    for (const { plain } of measured) expect(plain.answer.meter.spent.draft.tokens).toBeGreaterThanOrEqual(TOKENS - 1);
  });
});

describe("answers of which some are flagged", () => {
  it("are searched for, at a cost in waste", async () => {
    const row = rowOf("flagged", await pairsWith(0.5));
    expect(row.waste).toBeGreaterThan(0);
    expect(row.identical).toBeLessThan(1);
  });
});

describe("growth", () => {
  it("is counted for each length behind each number of earlier turns", async () => {
    const growth = await measureGrowth(engine, { tokens: [16, 32], turns: [0, 2] });
    expect(growth.map(({ tokens, turns }) => [tokens, turns])).toEqual([
      [16, 0],
      [32, 0],
      [16, 2],
      [32, 2],
    ]);
  });
});

function pairsWith(flags: number) {
  const turns = () => [{ role: "user", text: "How do I paint the castle?" }] as const;
  return measurePairs(engine, { pairs: 3, turns, options: { maxTokens: TOKENS }, flags });
}
