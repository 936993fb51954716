import { join } from "node:path";
import { expect, it } from "vitest";
import { judgeWarnings } from "../../../src/bots/guard/judge-warnings.ts";
import { loadLlamaEngine } from "../../../src/llama.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";

const signal = new AbortController().signal;

it("A model that judges well gets no warning", async () => {
  await using engine = await loadLlamaEngine({ model: "embedded", gpu: false });
  expect(await judgeWarnings(engine, signal)).toEqual([]);
});

it("A model of random weights gets one for each of its judges, in one line", async () => {
  using folder = temporaryFolder();
  const model = writeTinyModel(join(folder.path, "random.gguf"), { contextSize: 4096 });
  await using engine = await loadLlamaEngine({ model, gpu: false, sequences: 2 });
  const warnings = await judgeWarnings(engine, signal);
  expect(warnings).toHaveLength(2);
  for (const warning of warnings) expect(warning).toMatch(/^tiny random model is no fit judge of its own answers by "harmless": [^\n]+$/);
});

it("Who leaves meanwhile is not kept waiting", async () => {
  await using engine = await loadLlamaEngine({ model: "embedded", gpu: false });
  await expect(judgeWarnings(engine, AbortSignal.abort(new Error("leaving")))).rejects.toThrow("leaving");
});
