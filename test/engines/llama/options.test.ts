import type { LlamaContext } from "node-llama-cpp";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { Meter, prime } from "../../../src/core/index.ts";
import {
  CACHE_TYPES,
  type CacheType,
  checkLlamaOptions,
  type LlamaEngine,
  type LlamaEngineOptions,
  loadLlamaEngine,
} from "../../../src/llama.ts";
import { NativeCalls } from "../../support/native-calls.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const loaded: LlamaEngine[] = [];
afterEach(async () => {
  for (const engine of loaded.splice(0)) await engine[Symbol.asyncDispose]();
});
const narrowHeads = writeTinyModel(`${folder.path}/plain.gguf`);

describe("what is asked for reaches llama.cpp, and the facts say it:", () => {
  it("sequences, context and threads", async () => {
    const { context, engine } = await loadedWith({ sequences: 3, contextSize: 512, threads: 2 });
    expect([context.totalSequences, context.contextSize, context.currentThreads]).toEqual([3, 512, 2]);
    expect(engine.facts).toMatchObject({ sequences: 3, contextSize: 511, threads: { decode: 2, batch: 2 } });
  });

  it.each([true, false] as const)("flash attention %s", async (flashAttention) => {
    const { context, engine } = await loadedWith({ flashAttention });
    expect([context.flashAttention, engine.facts.flashAttention]).toEqual([flashAttention, flashAttention]);
  });

  it("flash attention by llama.cpp's own choice where the cache needs it, and none otherwise on a CPU", async () => {
    expect((await loadedWith({ cacheType: "Q8_0" })).engine.facts.flashAttention).toBe("auto");
    expect((await loadedWith({})).engine.facts.flashAttention).toBe(false);
  });

  it("the type of the cache, which decides how much a token takes", async () => {
    const bytes = new Map<CacheType, number>();
    for (const cacheType of CACHE_TYPES) {
      const { context, engine } = await loadedWith({ cacheType, sequences: 1 });
      expect(engine.facts.cacheType).toBe(cacheType);
      const empty = context.stateSize;
      await prime(engine, [Array.from({ length: 64 }, () => 1)], { purpose: "prompt", meter: new Meter() });
      bytes.set(cacheType, (context.stateSize - empty) / 64);
    }
    // Four layers, a key and a value of 192 numbers each; Q8_0 is 34 bytes for 32 numbers.
    const numbers = 4 * 2 * 192;
    expect(bytes.get("F32")).toBeCloseTo(4 * numbers, -2);
    expect(bytes.get("F16")).toBeCloseTo(2 * numbers, -2);
    expect(bytes.get("Q8_0")).toBeCloseTo((34 / 32) * numbers, -2);
  });

  it("layers for a GPU, of which there are none without one: that is said", async () => {
    const notices: string[] = [];
    const { context, engine } = await loadedWith({ gpuLayers: "max", onNotice: (notice) => void notices.push(notice) });
    expect([context.model.gpuLayers, engine.facts.gpuLayers, engine.facts.layers, engine.facts.devices]).toEqual([0, 0, 5, []]);
    expect(notices).toEqual(["No GPU is used: the CPU computes all layers."]);
  });
});

it("a quantised cache is refused, with the reason, for a model whose heads do not fill its blocks", async () => {
  await expect(loadLlamaEngine({ model: narrowHeads, gpu: false, cacheType: "Q8_0" })).rejects.toMatchObject({
    code: "model-unsupported",
    message: "Expected `model` to suit `cacheType` `Q8_0`, got one with heads of 16 numbers (not a multiple of 32)",
  });
});

describe("what cannot be meant is refused before anything is loaded:", () => {
  it.each<[object, string]>([
    [{ gpu: "opencl" }, "Expected `gpu` to be one of `auto`, `cuda`, `vulkan`, `metal`, `false`, got `opencl` (string)"],
    [{ gpuLayers: -1 }, "Expected `gpuLayers` to be a non-negative integer, `auto` or `max`, got `-1` (number)"],
    [{ contextSize: 0 }, "Expected `contextSize` to be a positive integer, got `0` (number)"],
    [{ sequences: 257 }, "Expected `sequences` to be an integer from 1 to 256, got `257` (number)"],
    [{ threads: 1.5 }, "Expected `threads` to be an integer from 1 to 512, got `1.5` (number)"],
    [{ flashAttention: "yes" }, "Expected `flashAttention` to be one of `true`, `false`, `auto`, got `yes` (string)"],
    [{ cacheType: "Q4_0" }, "Expected `cacheType` to be one of `F32`, `F16`, `Q8_0`, got `Q4_0` (string)"],
    [{ cacheType: "Q8_0", flashAttention: false }, "Expected `flashAttention` to be on for a cache of type `Q8_0`, got `false` (boolean)"],
    [{ model: "" }, "Expected `model` to be the name of a model, got `` (string)"],
    [{ gpulayers: 3 }, "Expected known options, got `gpulayers` (did you mean `gpuLayers`?)"],
  ])("%j", async (options, complaint) => {
    await expect(loadLlamaEngine({ model: "/no/such.gguf", ...options })).rejects.toThrow(complaint);
  });

  it("all that may be said is let through", () => {
    const options = { model: "a.gguf", gpu: false, gpuLayers: "max", contextSize: 1, sequences: 256, threads: 512 } as const;
    expect(() => checkLlamaOptions({ ...options, flashAttention: "auto", cacheType: "Q8_0", signal: undefined })).not.toThrow();
  });
});

/** On the embedded model and the CPU, with the context of llama.cpp; freed when the test ends. */
async function loadedWith(options: LlamaEngineOptions): Promise<{ readonly engine: LlamaEngine; readonly context: LlamaContext }> {
  using native = new NativeCalls();
  const engine = await loadLlamaEngine({ gpu: false, threads: 1, ...options });
  loaded.push(engine);
  return { engine, context: native.contexts[0] as LlamaContext };
}
