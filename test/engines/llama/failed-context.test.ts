import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, expect, it } from "vitest";
import { createOrLetGo } from "../../../src/engines/llama/context.ts";
import type { LlamaParts } from "../../../src/engines/llama/engine.ts";
import { loadLlamaParts } from "../../../src/engines/llama/load.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const model = writeTinyModel(`${folder.path}/plain.gguf`);

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
