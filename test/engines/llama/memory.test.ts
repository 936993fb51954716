import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LlamaParts } from "../../../src/engines/llama/engine.ts";
import { loadLlamaParts } from "../../../src/engines/llama/load.ts";
import { affordableTokens, type CachingModel, lackFor } from "../../../src/engines/llama/memory.ts";

const MEBIBYTE = 2 ** 20;
/** On the embedded model: four blocks, in each a key and a value of 192 numbers of two bytes. */
const TOKEN_BYTES = 4 * 2 * 192 * 2;

let parts: LlamaParts;
beforeAll(async () => {
  parts = await loadLlamaParts({ gpu: false, threads: 1, sequences: 1 });
});
afterAll(() => parts.llama.dispose());

describe("the cache of a model lies where its layers are computed:", () => {
  const shape = { sequences: 1, contextSize: 1024 };
  const cacheBytes = 1024 * TOKEN_BYTES;

  it.each([
    [0, 0],
    [1, 0],
    [2, 1 / 4],
    [3, 2 / 4],
    [4, 3 / 4],
    [5, 1],
  ])("with %i of 5 layers on the GPU, the output being the first of them, %d of it", (gpuLayers, share) => {
    const [gpu, cpu] = [cacheBytes * share, cacheBytes * (1 - share)];
    const roomy = { gpu: gpu / 0.75, cpu: cpu / 0.75, modelBytes: 1 };
    expect(lackFor(shape, withLayers(gpuLayers), roomy)).toBeUndefined();
    const least = share > 0.5 ? { ...roomy, gpu: roomy.gpu - 2 } : { ...roomy, cpu: roomy.cpu - 2 };
    expect(lackFor(shape, withLayers(gpuLayers), least)).toMatch(share > 0.5 ? / on the GPU, / : / in main memory, /);
  });

  it("what is missing is said in figures", () => {
    const memory = { gpu: 2 * MEBIBYTE, cpu: 2 ** 40, modelBytes: 1 };
    expect(lackFor(shape, withLayers(5), memory)).toBe("2 MiB free on the GPU, 3 MiB needed");
  });
});

describe("where nothing was asked for, the cache may hold", () => {
  it("a quarter of what is free", () => {
    expect(affordableTokens(withLayers(0), { gpu: 0, cpu: 400 * MEBIBYTE, modelBytes: 1 })).toBeCloseTo((100 * MEBIBYTE) / TOKEN_BYTES);
  });

  it("at most a GiB, or as much as the model itself", () => {
    const free = { gpu: 0, cpu: 2 ** 40 };
    expect(affordableTokens(withLayers(0), { ...free, modelBytes: 1 })).toBeCloseTo(2 ** 30 / TOKEN_BYTES);
    expect(affordableTokens(withLayers(0), { ...free, modelBytes: 2 ** 33 })).toBeCloseTo(2 ** 33 / TOKEN_BYTES);
  });

  it("what the scarcer place allows, where it lies in two", () => {
    const memory = { gpu: 40 * MEBIBYTE, cpu: 2 ** 40, modelBytes: 1 };
    expect(affordableTokens(withLayers(3), memory)).toBeCloseTo((10 * MEBIBYTE) / (TOKEN_BYTES / 2));
  });
});

/** The embedded model as if it were loaded on a GPU. */
function withLayers(gpuLayers: number): CachingModel {
  const { fileInfo, defaultContextKvCacheKeyType, defaultContextKvCacheValueType } = parts.model;
  return { fileInfo, defaultContextKvCacheKeyType, defaultContextKvCacheValueType, gpuLayers };
}
