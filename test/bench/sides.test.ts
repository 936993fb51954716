import { expect, it } from "vitest";
import { SHAPES, writeShapedModel } from "../../bench/shapes.ts";
import { sidesRow } from "../../bench/sides.ts";
import { loadLlamaEngine } from "../../src/llama.ts";
import { temporaryFolder } from "../support/tiny-model.ts";

it("Both sides of a preference pair are timed in one batch and one after the other, and are the same answers", async () => {
  using folder = temporaryFolder();
  const model = `${folder.path}/tiny.gguf`;
  writeShapedModel(model, SHAPES.tiny);
  await using engine = await loadLlamaEngine({ model, gpu: false, threads: 1, sequences: 4, contextSize: 512 });
  const row = await sidesRow(engine, { pairs: 3, atOnce: 2, tokens: 20, isForced: true });
  expect(row).toMatchObject({ prompts: 6, identical: 1 });
  expect(row.ratio).toBeGreaterThan(0);
  expect(row.low).toBeLessThanOrEqual(row.high);
});
