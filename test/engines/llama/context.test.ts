import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { InsufficientMemoryError, type LlamaModel } from "node-llama-cpp";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { loadLlamaEngine } from "../../../src/llama.ts";
import { NativeCalls } from "../../support/native-calls.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const model = writeTinyModel(`${folder.path}/plain.gguf`);

describe("where memory is short,", () => {
  let notices: string[];
  beforeEach(() => {
    notices = [];
  });

  it("it goes on with fewer sequences, and says so", async () => {
    using _ = new NativeCalls(leavingMemoryFor({ sequences: 2, contextSize: 512 }));
    await using engine = await wished();
    expect(engine.facts).toMatchObject({ sequences: 2, contextSize: 511 });
    expect(notices).toEqual(["Not enough memory for 8 sequences of 512 tokens: going on with 2 sequences of 512 tokens."]);
  });

  it("it goes on with a shorter context once there is a single sequence", async () => {
    using _ = new NativeCalls(leavingMemoryFor({ sequences: 1, contextSize: 256 }));
    await using engine = await wished();
    expect(engine.facts).toMatchObject({ sequences: 1, contextSize: 255 });
    expect(notices).toEqual(["Not enough memory for 8 sequences of 512 tokens: going on with 1 sequence of 256 tokens."]);
  });

  it("it gives up with the library's reason when nothing is left to try, and frees what it has loaded", async () => {
    using native = new NativeCalls(async ({ llama }) => void (await llama.setRamCap(1)));
    await expect(wished()).rejects.toMatchObject({
      code: "out-of-memory",
      message: expect.stringMatching(/^Expected memory for 8 sequences of 512 tokens, got: A context size of 256 is too large/),
      cause: expect.any(InsufficientMemoryError),
    });
    expect(notices).toEqual([]);
    expect(native.llamas.map(({ disposed }) => disposed)).toEqual([true]);
  });

  it("an abort ends it before the next attempt", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    using native = new NativeCalls(async () => {
      controller.abort(reason);
      throw new InsufficientMemoryError("no room");
    });
    await expect(wished(controller.signal)).rejects.toBe(reason);
    expect(native.attempts).toBe(1);
  });

  function wished(signal?: AbortSignal) {
    const onNotice = (notice: string) => void notices.push(notice);
    return loadLlamaEngine({ model, gpu: false, threads: 1, sequences: 8, contextSize: 512, onNotice, signal });
  }

  /** At the first attempt. */
  function leavingMemoryFor(shape: { readonly sequences: number; readonly contextSize: number }) {
    return async ({ llama, fileInsights }: LlamaModel, attempt: number) => {
      if (attempt > 0) return undefined;
      const { cpuRam } = await fileInsights.estimateContextResourceRequirementsV2({ ...shape, modelGpuLayers: 0, flashAttention: false });
      await llama.setRamCap((await llama.getLlamaMemoryUsage()).cpuRam + cpuRam);
      return undefined;
    };
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

it("a context that llama.cpp could not make keeps no model from being used or freed, also when it was garbage-collected", async () => {
  using native = new NativeCalls(async (_, attempt) => {
    if (attempt === 0) return UNMAKEABLE;
    await collectGarbage();
    return undefined;
  });
  const engine = await loadLlamaEngine({ model, gpu: false, threads: 1, sequences: 4, contextSize: 256 });
  expect([native.attempts, engine.facts.sequences]).toEqual([2, 2]);
  await engine[Symbol.asyncDispose]();
  expect(native.llamas.map(({ disposed }) => disposed)).toEqual([true]);
});

/** llama.cpp itself refuses a quantised cache without flash attention, and gives no reason. */
const UNMAKEABLE = { flashAttention: false, experimentalKvCacheKeyType: "Q8_0", experimentalKvCacheValueType: "Q8_0" } as const;

async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let round = 0; round < 5; round++) {
    collect();
    await setImmediate();
  }
}
