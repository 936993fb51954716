import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { layerRow, peerRow } from "../../bench/layer.ts";
import { SHAPES, writeShapedModel } from "../../bench/shapes.ts";
import { type LlamaEngine, loadLlamaEngine } from "../../src/llama.ts";
import { temporaryFolder } from "../support/tiny-model.ts";

const folder = temporaryFolder();
let engine: LlamaEngine;
beforeAll(async () => {
  const model = `${folder.path}/tiny.gguf`;
  writeShapedModel(model, SHAPES.tiny);
  engine = await loadLlamaEngine({ model, gpu: false, threads: 1, sequences: 4, contextSize: 512 });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

describe("The price of LangChain's layer", () => {
  it("is measured on answers that are the same with it and without it", async () => {
    const row = await layerRow(engine, { pairs: 3, tokens: 20, isForced: true });
    expect(row).toMatchObject({ name: "ChatRain.stream", pairs: 3, identical: 1 });
    expect(row.ratio).toBeGreaterThan(0);
    expect(row.low).toBeLessThanOrEqual(row.high);
  });

  it("is compared with a peer for each token, each question asked once", async () => {
    const asked: string[] = [];
    const peer = {
      invoke: async (question: string) => {
        asked.push(question);
        return { text: "Choose a warm colour." };
      },
    };
    const row = await peerRow(engine, peer, { pairs: 2, tokens: 10, isForced: false });
    expect(row.pairs).toBe(2);
    expect(row).not.toHaveProperty("identical");
    expect(row.ratio).toBeGreaterThan(0);
    expect(new Set(asked).size).toBe(asked.length);
  });
});
