import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, expect, it } from "vitest";
import { EngineError } from "../../../src/core/index.ts";
import { loadLlamaEngine } from "../../../src/llama.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

it("a header in which any byte is another one is refused or read on; it is neither read for ever nor ends the process", async () => {
  const content = readFileSync(writeTinyModel(`${folder.path}/whole.gguf`));
  const path = `${folder.path}/damaged.gguf`;
  const places = Array.from({ length: 35 }, (_, index) => (index < 25 ? 8 + index * 10 : 8 + index * 180));
  const readOn = new Error("read on");
  const outcomes: unknown[] = [];
  for (const place of places) {
    writeFileSync(path, Buffer.from(content).fill(0x90, place, place + 1));
    // The first notice comes when the file was found to be good, and before it is loaded.
    const onNotice = () => {
      throw readOn;
    };
    await loadLlamaEngine({ model: path, gpu: false, gpuLayers: "max", onNotice }).catch((cause: unknown) => outcomes.push(cause));
  }
  expect(outcomes).toHaveLength(places.length);
  const refusals = outcomes.filter((outcome) => outcome !== readOn);
  for (const refusal of refusals) expect(refusal).toBeInstanceOf(EngineError);
  expect(refusals.length).toBeGreaterThan(5);
}, 180_000);
