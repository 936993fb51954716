import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { InsufficientMemoryError, type LlamaModel } from "node-llama-cpp";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { affordableSequences, createContext, createOrLetGo } from "../../../src/engines/llama/context.ts";
import type { LlamaParts } from "../../../src/engines/llama/engine.ts";
import { loadLlamaParts } from "../../../src/engines/llama/load.ts";
import { loadLlamaEngine } from "../../../src/llama.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const model = writeTinyModel(`${folder.path}/plain.gguf`);
const roomy = { gpu: 0, cpu: 2 ** 40, modelBytes: 1 };
describe("where memory is short,", () => {
  let parts: LlamaParts;
  let notices: string[];
  beforeAll(async () => {
    parts = await loadLlamaParts({ model, gpu: false, sequences: 1 });
  });
  beforeEach(() => {
    notices = [];
  });
  afterEach(() => parts.llama.setRamCap(null));
  afterAll(async () => {
    await parts.llama.dispose();
  });

  it("it goes on with fewer sequences, and says so", async () => {
    await leaveMemoryFor({ sequences: 2, contextSize: 512 });
    const context = await wishedContext();
    expect([context.totalSequences, context.contextSize]).toEqual([2, 512]);
    expect(notices).toEqual(["Not enough memory for 8 sequences of 512 tokens: going on with 2 sequences of 512 tokens."]);
  });

  it("it goes on with a shorter context once there is a single sequence", async () => {
    await leaveMemoryFor({ sequences: 1, contextSize: 256 });
    const context = await wishedContext();
    expect([context.totalSequences, context.contextSize]).toEqual([1, 256]);
    expect(notices).toEqual(["Not enough memory for 8 sequences of 512 tokens: going on with 1 sequence of 256 tokens."]);
  });

  it("it gives up with the library's reason when nothing is left to try", async () => {
    await parts.llama.setRamCap(1);
    await expect(wishedContext()).rejects.toMatchObject({
      code: "out-of-memory",
      message: expect.stringMatching(/^Expected memory for 8 sequences of 512 tokens, got: A context size of 256 is too large/),
      cause: expect.any(InsufficientMemoryError),
    });
    expect(notices).toEqual([]);
  });

  it("an abort ends it before the next attempt", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const making = createContext(parts.model, roomy, { signal: controller.signal });
    controller.abort(reason);
    await expect(making).rejects.toBe(reason);
  });

  async function wishedContext() {
    const options = { sequences: 8, contextSize: 512, onNotice: (notice: string) => void notices.push(notice) };
    return await createContext(parts.model, roomy, options);
  }

  async function leaveMemoryFor(shape: { sequences: number; contextSize: number }) {
    const { fileInsights, defaultContextFlashAttention: flashAttention } = parts.model;
    const { cpuRam } = await fileInsights.estimateContextResourceRequirementsV2({ ...shape, modelGpuLayers: 0, flashAttention });
    await parts.llama.setRamCap((await parts.llama.getLlamaMemoryUsage()).cpuRam + cpuRam);
  }
});

describe("where nothing was asked for, as many sequences are made as the cache may have memory for:", () => {
  const KIBIBYTE = 2 ** 10;
  let parts: LlamaParts;
  beforeAll(async () => {
    parts = await loadLlamaParts({ model, gpu: false, sequences: 1 });
  });
  afterAll(() => parts.llama.dispose());

  it("a quarter of what is free", async () => {
    // A token of the tiny model takes 512 bytes of cache.
    const memory = { gpu: 0, cpu: 4 * 5 * 512 * 512, modelBytes: 1 };
    expect(affordableSequences(parts.model, 512, memory)).toBe(5);
    const context = await createContext(parts.model, memory, {});
    expect(context.totalSequences).toBe(5);
  });

  it("at most a GiB, or as much as the model itself", () => {
    const free = { gpu: 0, cpu: 2 ** 40 };
    const wide = scripted({ cpu: 2 ** 27 });
    expect(affordableSequences(wide, 512, { ...free, modelBytes: 1 })).toBe(8);
    expect(affordableSequences(wide, 512, { ...free, modelBytes: 10 * 2 ** 27 })).toBe(10);
  });

  it.each([
    [0, 0],
    [1, 0],
    [2, 1 / 2],
    [3, 1],
  ])("with %i of 3 layers on the GPU, the output being the first of them, %d of the cache lies there", (gpuLayers, share) => {
    const layered: LlamaModel = Object.create(parts.model, { gpuLayers: { value: gpuLayers } });
    const bytes = 4 * 7 * 512 * 512;
    expect(affordableSequences(layered, 512, { gpu: bytes * share, cpu: 2 ** 40, modelBytes: 1 })).toBe(share === 0 ? 16 : 7);
    expect(affordableSequences(layered, 512, { gpu: 2 ** 40, cpu: bytes * (1 - share), modelBytes: 1 })).toBe(share === 1 ? 16 : 7);
  });

  it("what the scarcer place allows, where it lies in two", () => {
    const memory = { gpu: 28 * KIBIBYTE, cpu: 2 ** 40, modelBytes: 1 };
    expect(affordableSequences(scripted({ gpu: KIBIBYTE, cpu: KIBIBYTE }), 512, memory)).toBe(7);
  });

  it("two at least, and sixteen at most", () => {
    expect(affordableSequences(scripted({ cpu: 2 ** 30 }), 512, { gpu: 0, cpu: 2 ** 30, modelBytes: 1 })).toBe(2);
    expect(affordableSequences(scripted({ cpu: 1 }), 512, { gpu: 0, cpu: 2 ** 40, modelBytes: 1 })).toBe(16);
  });

  /** The model, with a cache of so many bytes a sequence. */
  function scripted({ gpu = 0, cpu = 0 }: { gpu?: number; cpu?: number }): LlamaModel {
    const buffers = 2 ** 20;
    const estimate = ({ sequences = 1 }) => ({ gpuVram: buffers + gpu * sequences, cpuRam: buffers + cpu * sequences });
    return Object.create(parts.model, { fileInsights: { value: { estimateContextResourceRequirements: estimate } } });
  }
});

it("a context longer than the model was trained on is cut to that, and said", async () => {
  const notices: string[] = [];
  await using engine = await loadLlamaEngine({ model, gpu: false, contextSize: 2 ** 30, onNotice: (notice) => void notices.push(notice) });
  expect(engine.facts.contextSize).toBe(511);
  expect(notices).toEqual(["The model was trained on 512 tokens: going on with that instead of 1073741824."]);
});

it("by default the context is as long as the model was trained on, less the cell that stays free", async () => {
  await using engine = await loadLlamaEngine({ model, gpu: false });
  expect(engine.facts).toMatchObject({
    contextSize: 511,
    sequences: 16,
    gpu: false,
    architecture: "llama",
    threads: { decode: 1, batch: 1 },
  });
});

it("a context that llama.cpp could not make keeps no model from being freed, also when it was garbage-collected", async () => {
  const parts = await loadLlamaParts({ model, gpu: false, threads: 1, sequences: 1 });
  await expect(unmakeable(parts)).rejects.toThrow("Failed to create context");
  await collectGarbage();
  await parts.model.dispose();
  expect(parts.model.disposed).toBe(true);
  await parts.llama.dispose();
});

it("the model goes on to serve contexts that can be made", async () => {
  const parts = await loadLlamaParts({ model, gpu: false, threads: 1, sequences: 1 });
  await expect(unmakeable(parts)).rejects.toThrow("Failed to create context");
  const context = await createOrLetGo(parts.model, { contextSize: 256 });
  expect(context.contextSize).toBe(256);
  await parts.llama.dispose();
  expect(context.disposed).toBe(true);
});

/** llama.cpp itself refuses a quantised cache without flash attention. */
function unmakeable(parts: LlamaParts) {
  return createOrLetGo(parts.model, {
    contextSize: 256,
    failedCreationRemedy: false,
    flashAttention: false,
    experimentalKvCacheKeyType: "Q8_0",
    experimentalKvCacheValueType: "Q8_0",
  });
}

async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let round = 0; round < 5; round++) {
    collect();
    await setImmediate();
  }
}
