import { InsufficientMemoryError } from "node-llama-cpp";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createContext } from "../../../src/engines/llama/context.ts";
import type { LlamaParts } from "../../../src/engines/llama/engine.ts";
import { loadLlamaParts } from "../../../src/engines/llama/load.ts";
import { loadLlamaEngine } from "../../../src/llama.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const model = writeTinyModel(`${folder.path}/plain.gguf`);
/** A token of the tiny model takes 512 bytes of cache. */
const MEBIBYTE = 2 ** 20;

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
    const context = await contextWithin(MEBIBYTE);
    expect([context.totalSequences, context.contextSize]).toEqual([2, 512]);
    expect(notices).toEqual(["Not enough memory for 8 sequences of 512 tokens: going on with 2 sequences of 512 tokens."]);
  });

  it("it goes on with a shorter context once there is a single sequence", async () => {
    const context = await contextWithin(MEBIBYTE / 5);
    expect([context.totalSequences, context.contextSize]).toEqual([1, 256]);
    expect(notices).toEqual(["Not enough memory for 8 sequences of 512 tokens: going on with 1 sequence of 256 tokens."]);
  });

  it("it goes on with fewer sequences also where it is the library that sees the lack", async () => {
    await parts.llama.setRamCap((await parts.llama.getLlamaMemoryUsage()).cpuRam + 5 * MEBIBYTE);
    const context = await contextWithin(2 ** 40);
    expect(context.totalSequences).toBeLessThan(8);
    expect(notices).toEqual([expect.stringMatching(/^Not enough memory for 8 sequences of 512 tokens: going on with \d sequences? of/)]);
  });

  it("it gives up with the library's reason when nothing is left to try", async () => {
    await parts.llama.setRamCap(1);
    const giving = contextWithin(2 ** 40);
    await expect(giving).rejects.toMatchObject({ code: "out-of-memory", cause: expect.any(InsufficientMemoryError) });
  });

  it("an abort ends it before the next attempt", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const making = createContext(parts.model, { gpu: 0, cpu: 2 ** 40, modelBytes: 1 }, { signal: controller.signal });
    controller.abort(reason);
    await expect(making).rejects.toBe(reason);
  });

  it("it gives up when nothing useful would fit", async () => {
    await expect(contextWithin(1000)).rejects.toMatchObject({
      code: "out-of-memory",
      message: expect.stringMatching(/^Expected memory for 8 sequences/),
    });
    expect(notices).toEqual([]);
  });

  it("by default fewer sequences are made from the start", async () => {
    const context = await createContext(parts.model, { gpu: 0, cpu: 4 * MEBIBYTE, modelBytes: 1 }, {});
    expect(context.totalSequences).toBe(4);
  });

  async function contextWithin(cpu: number) {
    const options = { sequences: 8, contextSize: 512, onNotice: (notice: string) => void notices.push(notice) };
    return await createContext(parts.model, { gpu: 0, cpu, modelBytes: 1 }, options);
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
