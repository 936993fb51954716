import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RainOptions } from "../../src/core/index.ts";
import { letterJudge } from "../../src/judges/index.ts";
import { type LlamaEngine, loadLlamaEngine } from "../../src/llama.ts";
import { answer, rain } from "../../src/rain.ts";
import { realModel } from "../support/real-models.ts";

const smollm = realModel("smollm2-135m");

const SUBJECTS = ["bread", "a bicycle", "the moon", "an old clock", "tea", "a violin", "snow", "a harbour", "honey", "a garden"];
const PROMPTS = ["Tell me something about", "How would you explain to a child what is special about"].flatMap((question) =>
  SUBJECTS.map((subject) => `${question} ${subject}.`),
);

const LENGTH = 24;
const PATIENCE = 300_000;

const PLAIN: RainOptions = { mode: "vanilla", maxTokens: LENGTH };

/** The judge is asked, and flags nothing. */
const UNFLAGGED: RainOptions = { judge: letterJudge, judging: "preamble", judgeExamples: 1, threshold: -1, maxTokens: LENGTH };

describe.skipIf(!smollm.isThere)(`The same seed on SmolLM2's real weights${smollm.reason}`, () => {
  describe("gives the same text, byte for byte,", () => {
    const plain: string[] = [];
    let engine: LlamaEngine;
    beforeAll(async () => {
      engine = await loaded();
      for (const prompt of PROMPTS) plain.push(await said(engine, prompt, PLAIN));
    }, PATIENCE);
    afterAll(async () => await engine[Symbol.asyncDispose]());

    it("of a model that was just loaded, at once again, and after others in another order", { timeout: PATIENCE }, async () => {
      await using other = await loaded();
      for (const [index, prompt] of [...PROMPTS.entries()].toReversed()) {
        expect(await said(other, prompt, PLAIN)).toBe(plain[index]);
        expect(await said(other, prompt, PLAIN)).toBe(plain[index]);
      }
    });

    it("where it is read half, and gone on with after another answer", { timeout: PATIENCE }, async () => {
      for (const [index, prompt] of PROMPTS.entries()) {
        const other = PROMPTS[(index + 7) % PROMPTS.length] as string;
        expect(await saidWithPause(engine, prompt, () => said(engine, other, { ...UNFLAGGED, maxTokens: 8 }))).toBe(plain[index]);
      }
    });

    it("where a judge is asked about it and flags nothing", { timeout: PATIENCE }, async () => {
      for (const [index, prompt] of PROMPTS.entries()) expect(await said(engine, prompt, UNFLAGGED)).toBe(plain[index]);
    });

    it("where that judge asks right behind it", { timeout: PATIENCE }, async () => {
      for (const [index, prompt] of PROMPTS.entries())
        expect(await said(engine, prompt, { ...UNFLAGGED, judging: "in-place" })).toBe(plain[index]);
    });
  });
});

async function loaded(): Promise<LlamaEngine> {
  return await loadLlamaEngine({ model: smollm.path, gpu: false, threads: 1, contextSize: 1024, sequences: 6 });
}

async function said(engine: LlamaEngine, text: string, options: RainOptions): Promise<string> {
  return (await answer(engine, [{ role: "user", text }], { seed: seedOf(text), ...options })).text;
}

async function saidWithPause(engine: LlamaEngine, text: string, pause: () => Promise<unknown>): Promise<string> {
  const written: string[] = [];
  for await (const step of rain(engine, [{ role: "user", text }], { seed: seedOf(text), ...PLAIN })) {
    written.push(step.text);
    if (written.length === LENGTH / 2) await pause();
  }
  return written.join("");
}

function seedOf(text: string): number {
  return PROMPTS.indexOf(text);
}
