import { InsufficientMemoryError, type Llama, type LlamaModel } from "node-llama-cpp";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { EngineError } from "../../../src/core/index.ts";
import { checkpointsFor } from "../../../src/engines/llama/cache-memory.ts";
import { affordableContext, affordableSequences, createContext } from "../../../src/engines/llama/context.ts";
import { type LayerRequest, loadModel, loadToFit, type Making, startLlama } from "../../../src/engines/llama/load.ts";
import { findModelFile } from "../../../src/engines/llama/model-file.ts";
import type { LlamaEngineOptions } from "../../../src/engines/llama/options.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const whole = writeTinyModel(`${folder.path}/whole.gguf`);
const onCpu = { gpu: false, threads: 1 } as const;
const roomy = { gpu: 0, cpu: 2 ** 40, modelBytes: 1 };

it("where there is no memory for a context, all that was loaded is freed before the model is loaded again", async () => {
  const first = await startLlama(onCpu);
  const file = await findModelFile({ model: whole }, async () => first);
  await first.dispose();
  const started: Llama[] = [];
  const notices: string[] = [];
  const { model, context } = await loadToFit(
    {
      // As on a GPU: on a machine without one there would be no second attempt.
      mostLayers: 3,
      load: async () => {
        expect(started.map(({ disposed }) => disposed)).toEqual(started.map(() => true));
        const llama = await startLlama(onCpu);
        started.push(llama);
        return await loadModel({ llama, file, gpuLayers: 0 }, onCpu);
      },
      free: (loaded) => loaded.llama.dispose(),
      createContext: async (loaded) => {
        await loaded.llama.setRamCap(started.length === 1 ? 1 : null);
        return await createContext(loaded, roomy, { contextSize: 256, sequences: 1 });
      },
    },
    { onNotice: (notice) => void notices.push(notice) },
  );
  expect(started.map(({ disposed }) => disposed)).toEqual([true, false]);
  expect([context.contextSize, context.model]).toEqual([256, model]);
  expect(notices).toEqual([
    expect.stringMatching(/^Not enough memory with no layers on the GPU \(A context size of 256 is too large .*RAM/),
  ]);
  await model.llama.dispose();
  expect([context.disposed, model.disposed]).toEqual([true, true]);
});

describe("where nothing was asked for, as many sequences are made as the cache may have memory for:", () => {
  const KIBIBYTE = 2 ** 10;
  let llama: Llama;
  let model: LlamaModel;
  beforeAll(async () => {
    llama = await startLlama(onCpu);
    const file = await findModelFile({ model: whole }, async () => llama);
    model = await loadModel({ llama, file, gpuLayers: 0 }, onCpu);
  });
  afterAll(() => llama.dispose());

  it("a quarter of what is free", async () => {
    // A token of the tiny model takes 512 bytes of cache.
    const memory = { gpu: 0, cpu: 4 * 5 * 512 * 512, modelBytes: 1 };
    expect(affordableSequences(model, 512, memory)).toBe(5);
    const context = await createContext(model, memory, {});
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
    const layered: LlamaModel = Object.create(model, { gpuLayers: { value: gpuLayers } });
    const bytes = 4 * 7 * 512 * 512;
    expect(affordableSequences(layered, 512, { gpu: bytes * share, cpu: 2 ** 40, modelBytes: 1 })).toBe(share === 0 ? 16 : 7);
    expect(affordableSequences(layered, 512, { gpu: 2 ** 40, cpu: bytes * (1 - share), modelBytes: 1 })).toBe(share === 1 ? 16 : 7);
  });

  it("what the scarcer place allows, where it lies in two", () => {
    const memory = { gpu: 28 * KIBIBYTE, cpu: 2 ** 40, modelBytes: 1 };
    expect(affordableSequences(scripted({ gpu: KIBIBYTE, cpu: KIBIBYTE }), 512, memory)).toBe(7);
  });

  it("of a quantised cache, 34 bytes for 32 numbers", () => {
    const Q8_0 = { value: 8 };
    const quantised: LlamaModel = Object.create(model, { defaultContextKvCacheKeyType: Q8_0, defaultContextKvCacheValueType: Q8_0 });
    const bytes = (512 / 2) * (34 / 32) * 512;
    expect(affordableSequences(quantised, 512, { gpu: 0, cpu: 4 * 7 * bytes, modelBytes: 1 })).toBe(7);
    expect(affordableSequences(quantised, 512, { gpu: 0, cpu: 4 * 7 * bytes - 4, modelBytes: 1 })).toBe(6);
  });

  it("two at least, and sixteen at most", () => {
    expect(affordableSequences(scripted({ cpu: 2 ** 30 }), 512, { gpu: 0, cpu: 2 ** 30, modelBytes: 1 })).toBe(2);
    expect(affordableSequences(scripted({ cpu: 1 }), 512, { gpu: 0, cpu: 2 ** 40, modelBytes: 1 })).toBe(16);
  });

  it("no more than leave room for the states that a model needs saved, which are as many as there is memory for", () => {
    const state = 2 ** 26;
    const hybrid: LlamaModel = Object.create(model, {
      fileInsights: {
        value: {
          isHybrid: true,
          estimateContextResourceRequirements: ({ sequences = 1, contextSize = 1 }) => ({
            gpuVram: 0,
            cpuRam: sequences * (state + contextSize * KIBIBYTE),
          }),
        },
      },
    });
    const memory = { gpu: 0, cpu: 2 ** 40, modelBytes: 1 };
    // A state and four saved ones: 3 times in a GiB.
    expect(affordableSequences(hybrid, 1024, memory)).toBe(3);
    expect(checkpointsFor(hybrid, 3, memory)).toEqual({ most: 5, bytes: state });
    expect(checkpointsFor(hybrid, 1, memory)).toEqual({ most: 16, bytes: state });
    expect(checkpointsFor(hybrid, 16, memory)).toEqual({ most: 4, bytes: state });
    expect(checkpointsFor(scripted({ cpu: KIBIBYTE }), 1, memory)).toEqual({ most: 0, bytes: 0 });
  });

  describe("and where no length was asked for, the context is", () => {
    const GIBIBYTE = 2 ** 30;
    /** A model that was trained on so much, whose cache takes a KiB a token, in memory of which so many MiB may be taken. */
    const contextOf = (trained: number, mebibytes: number, options: { gpu?: number; sequences?: number } = {}) => {
      const estimate = ({ sequences = 1, contextSize = 1 }) => {
        const bytes = sequences * contextSize * KIBIBYTE;
        return { cpuRam: bytes, gpuVram: options.gpu === undefined ? 0 : bytes };
      };
      const linear: LlamaModel = Object.create(model, {
        trainContextSize: { value: trained },
        fileInsights: { value: { estimateContextResourceRequirements: estimate } },
      });
      const memory = { gpu: 4 * (options.gpu ?? 0) * 2 ** 20, cpu: 4 * mebibytes * 2 ** 20, modelBytes: 64 * GIBIBYTE };
      return affordableContext(linear, memory, options.sequences);
    };

    it.each([
      ["what the model was trained on, where eight of it fit", 32_768, 256, 32_768],
      ["as long as eight of it fit", 131_072, 160, 20_480],
      ["of a model that was trained on little, as long as that", 2048, 1024, 2048],
      ["8,192 tokens, where less than eight of it fit", 131_072, 32, 8192],
      ["as long as two of it fit, where that is less", 131_072, 12, 6144],
      ["4,096 tokens in any case: what then happens is said", 131_072, 1, 4096],
    ])("%s", (_, trained, mebibytes, expected) => expect(contextOf(trained, mebibytes)).toBe(expected));

    it("as long as so many sequences fit as were asked for", () => {
      expect(contextOf(131_072, 160, { sequences: 2 })).toBe(81_920);
      expect(contextOf(131_072, 160, { sequences: 16 })).toBe(10_240);
    });

    it("what the scarcer place allows", () => expect(contextOf(131_072, 1024, { gpu: 80 })).toBe(10_240));
  });

  /** The model, with a cache of so many bytes a sequence. */
  function scripted({ gpu = 0, cpu = 0 }: { gpu?: number; cpu?: number }): LlamaModel {
    const buffers = 2 ** 20;
    const estimate = ({ sequences = 1 }) => ({ gpuVram: buffers + gpu * sequences, cpuRam: buffers + cpu * sequences });
    return Object.create(model, { fileInsights: { value: { estimateContextResourceRequirements: estimate } } });
  }
});

/** What a scripted machine has been asked to do, in order. */
let steps: string[];
let notices: string[];
beforeEach(() => {
  steps = [];
  notices = [];
});

describe("where the GPU has memory enough", () => {
  it("the model is loaded once, with the layers that were asked for", async () => {
    const { model, context } = await loadOn({ most: 33, modelFits: 33, contextFits: 33 }, { gpuLayers: 20 });
    expect([model.gpuLayers, context]).toEqual([20, "a context beside 20 layers"]);
    expect(steps).toEqual(["load 20", "context"]);
    expect(notices).toEqual([]);
  });
});

describe("where the GPU has too little memory for the model", () => {
  it("half of the layers are tried, and half of those, until it fits", async () => {
    const { model } = await loadOn({ most: 33, modelFits: 8, contextFits: 33 }, { gpuLayers: "max" });
    expect(model.gpuLayers).toBe(8);
    expect(steps).toEqual(["load max", "load 16", "load 8", "context"]);
  });

  it("each step is said in a line of its own, with the reason", async () => {
    await loadOn({ most: 3, modelFits: 0, contextFits: 0 }, { gpuLayers: "max" });
    expect(notices).toEqual([
      "Not enough memory with 3 layers on the GPU (no room for the model): loading the model again with 1 layer there.",
      "Not enough memory with 1 layer on the GPU (no room for the model): loading the model again without the GPU.",
    ]);
  });

  it("more layers than the model has are as many as it has", async () => {
    await loadOn({ most: 4, modelFits: 2, contextFits: 4 }, { gpuLayers: 1000 });
    expect(steps).toEqual(["load 1000", "load 2", "context"]);
  });

  it("a load that llama.cpp gave up without a reason counts as one", async () => {
    const unexplained = new EngineError("model-unreadable", "Expected a model", { cause: new Error("Failed to load model") });
    const { model } = await loadOn({ most: 4, modelFits: 2, contextFits: 4, complaint: unexplained });
    expect(model.gpuLayers).toBe(2);
  });
});

describe("where the GPU has too little memory for a context beside the model", () => {
  it("the model is freed before it is loaded with half of its layers there", async () => {
    const { model } = await loadOn({ most: 33, modelFits: 33, contextFits: 10 }, { gpuLayers: "max" });
    expect(model.gpuLayers).toBe(8);
    expect(steps).toEqual(["load max", "context", "free 33", "load 16", "context", "free 16", "load 8", "context"]);
  });

  it("halves begin at the layers that the library has chosen by itself", async () => {
    await loadOn({ most: 33, modelFits: 12, contextFits: 6 }, { gpuLayers: "auto" });
    expect(steps).toEqual(["load auto", "context", "free 12", "load 6", "context"]);
  });

  it("even no layers there may be too many: the last attempt is without the GPU", async () => {
    const { model } = await loadOn({ most: 33, modelFits: 33, contextFits: -1 }, { gpuLayers: 0 });
    expect(model.gpuLayers).toBe(0);
    expect(steps).toEqual(["load 0", "context", "free 0", "load without GPU", "context"]);
    expect(notices).toEqual([
      "Not enough memory with no layers on the GPU (no room for the context): loading the model again without the GPU.",
    ]);
  });
});

describe("it gives up", () => {
  it("with the last reason when the model does not fit anywhere, and everything was freed", async () => {
    const giving = loadOn({ most: 2, modelFits: 2, contextFits: -2 }, { gpuLayers: "max" });
    await expect(giving).rejects.toThrow(new InsufficientMemoryError("no room for the context"));
    expect(steps).toEqual([
      ...["load max", "context", "free 2", "load 1", "context", "free 1"],
      ...["load without GPU", "context", "free 0"],
    ]);
  });

  it("at once without a GPU", async () => {
    await expect(loadOn({ most: 0, modelFits: -2, contextFits: 0 }, { gpuLayers: 20 })).rejects.toThrow(InsufficientMemoryError);
    expect(steps).toEqual(["load without GPU"]);
    expect(notices).toEqual([]);
  });

  it("at once where fewer layers would not help", async () => {
    const damaged = new Error("not a model");
    await expect(loadOn({ most: 33, modelFits: 0, contextFits: 33, complaint: damaged }, { gpuLayers: "max" })).rejects.toBe(damaged);
    expect(steps).toEqual(["load max"]);
  });
});

describe("an abort ends it with the signal's reason, and what was loaded is freed,", () => {
  const reason = new Error("enough");

  it("before anything is loaded", async () => {
    await expect(loadOn({ most: 4, modelFits: 4, contextFits: 4 }, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(steps).toEqual([]);
  });

  it.each([
    ["while the model is loaded", "load max", ["load max"]],
    ["while the context is made", "context", ["load max", "context", "free 4"]],
    ["while the model is freed", "free 4", ["load max", "context", "free 4"]],
  ])("%s", async (_when, moment, expected) => {
    const controller = new AbortController();
    const onStep = (step: string) => step === moment && controller.abort(reason);
    const modelFits = moment === "load max" ? 0 : 4;
    const aborted = loadOn({ most: 4, modelFits, contextFits: 0, onStep }, { gpuLayers: "max", signal: controller.signal });
    await expect(aborted).rejects.toBe(reason);
    expect(steps).toEqual(expected);
    expect(notices).toEqual([]);
  });
});

/** A machine on which things fit with up to so many layers on the GPU. -1: without the GPU only. -2: not at all. */
interface Machine {
  /** Layers that the model has; 0 for a machine without a GPU. */
  readonly most: number;
  readonly modelFits: number;
  readonly contextFits: number;
  /** What it says of a model that does not fit. @default node-llama-cpp's own error */
  readonly complaint?: Error;
  readonly onStep?: (step: string) => void;
}

function loadOn(machine: Machine, options: LlamaEngineOptions = {}) {
  return loadToFit(scripted(machine), { ...options, onNotice: (notice) => void notices.push(notice) });
}

function scripted({
  most,
  modelFits,
  contextFits,
  complaint,
  onStep,
}: Machine): Making<{ readonly gpuLayers: number; readonly level: number }, string> {
  const step = (name: string) => {
    steps.push(name);
    onStep?.(name);
  };
  return {
    mostLayers: most,
    load: async (request) => {
      step(`load ${request === false ? "without GPU" : request}`);
      const gpuLayers = layersFor(request, { most, fitting: modelFits });
      const level = request === false ? -1 : gpuLayers;
      if (level > modelFits) throw complaint ?? new InsufficientMemoryError("no room for the model");
      return { gpuLayers, level };
    },
    free: async ({ gpuLayers }) => step(`free ${gpuLayers}`),
    createContext: async ({ gpuLayers, level }) => {
      step("context");
      if (level > contextFits) throw new InsufficientMemoryError("no room for the context");
      return `a context beside ${gpuLayers} layers`;
    },
  };
}

/** As node-llama-cpp understands it: `"auto"` is as many as fit, without a look at the context. */
function layersFor(request: LayerRequest, { most, fitting }: { most: number; fitting: number }): number {
  if (request === "auto") return Math.min(most, Math.max(0, fitting));
  return Math.min(most, request === "max" ? most : Number(request));
}
