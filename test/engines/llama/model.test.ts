import { readFileSync, writeFileSync } from "node:fs";
import type { Llama } from "node-llama-cpp";
import { afterAll, expect, it } from "vitest";
import { createContext } from "../../../src/engines/llama/context.ts";
import { loadModel, loadToFit, startLlama } from "../../../src/engines/llama/load.ts";
import { findModelFile } from "../../../src/engines/llama/model-file.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const whole = writeTinyModel(`${folder.path}/whole.gguf`);
const onCpu = { gpu: false, threads: 1 } as const;
const roomy = { gpu: 0, cpu: 2 ** 40, modelBytes: 1 };

it("a model that llama.cpp fails to load leaves nothing behind", async () => {
  const lacking = `${folder.path}/lacking.gguf`;
  writeFileSync(lacking, readFileSync(whole).toString("latin1").replace("blk.1.ffn_down.weight", "blk.1.ffn_gown.weight"), "latin1");
  const llama = await startLlama(onCpu);
  const loading = loadModel({ llama, file: await findModelFile({ model: lacking }, llama), gpuLayers: 0 }, { ...onCpu, model: lacking });
  await expect(loading).rejects.toMatchObject({ code: "model-unreadable" });
  expect(llama.disposed).toBe(true);
});

it("where there is no memory for a context, all that was loaded is freed before the model is loaded again", async () => {
  const first = await startLlama(onCpu);
  const file = await findModelFile({ model: whole }, first);
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
