import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Call, Meter, type Passage } from "../../../src/core/index.ts";
import { loadLlamaEngine } from "../../../src/llama.ts";
import { countedEngine } from "../../support/counted-engine.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

/** Longer than llama.cpp's own batch of 512. */
const LONG = 700;
const long = writeTinyModel(join(folder.path, "long.gguf"), { contextSize: 1024 });
const damaged = writeTinyModel(join(folder.path, "damaged.gguf"), { outputWeight: Number.NaN });

function call(signal?: AbortSignal): Call {
  return { purpose: "evaluate", meter: new Meter(), signal };
}

describe("Distributions of a llama engine", () => {
  const letters = (length: number) => Array.from({ length }, (_, index) => 280 + (index % 60));
  const passage: Passage = { prefix: letters(40), tokens: letters(LONG) };

  it("of a passage that is longer than a batch are told of every place, in as few decode calls as there are batches", async () => {
    const { engine, decodes } = await countedEngine(long, { sequences: 1 });
    await using _ = engine;
    const places = await engine.distributions(passage, call());
    expect(places).toHaveLength(LONG);
    expect(places.every((place) => place.length === engine.facts.vocabularySize)).toBe(true);
    expect(decodes()).toBeLessThanOrEqual(3);
    const [last] = await engine.distributions({ prefix: [...passage.prefix, ...letters(LONG - 1)], tokens: [0] }, call());
    expect(last?.[300]).toBeCloseTo(places.at(-1)?.[300] as number, 2);
  });

  it("end with the signal's reason behind the batch that is computed when it is aborted", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const onDecode = (decode: number) => decode === 2 && controller.abort(reason);
    const { engine, decodes } = await countedEngine(long, { sequences: 1, onDecode });
    await using _ = engine;
    await expect(engine.distributions(passage, call(controller.signal))).rejects.toBe(reason);
    expect(decodes()).toBe(2);
    expect(await engine.distributions({ ...passage, tokens: [300] }, call())).toHaveLength(1);
  });

  it("are refused by name where the model computes no numbers, and the next request is, too", async () => {
    await using engine = await loadLlamaEngine({ model: damaged, gpu: false, threads: 1, sequences: 1 });
    for (let request = 0; request < 2; request++)
      await expect(engine.distributions({ prefix: [1], tokens: [300, 301] }, call())).rejects.toMatchObject({
        name: "EngineError",
        code: "decode-failed",
      });
  });

  it("fail by name when a decode fails, and come afresh afterwards", async () => {
    const smoke = new Error("smoke");
    const onDecode = (decode: number) => {
      if (decode === 1) throw smoke;
    };
    const { engine } = await countedEngine(long, { sequences: 1, onDecode });
    await using _ = engine;
    const short = { prefix: [1], tokens: [300, 301] };
    await expect(engine.distributions(short, call())).rejects.toMatchObject({ code: "decode-failed", cause: smoke });
    expect(await engine.distributions(short, call())).toHaveLength(2);
  });
});
