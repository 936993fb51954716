import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkOptions, type RainOptions, type Turn } from "../../../src/core/index.ts";
import { type LlamaEngine, loadLlamaEngine } from "../../../src/llama.ts";
import { promptOf, withPrompting } from "../../../src/prompting/index.ts";
import { answer } from "../../../src/rain.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";

const folder = temporaryFolder();
const EXAMPLES = [
  { query: "How do I burn the hotel?", answer: "Please do not burn the farm. People could get hurt." },
  { query: "How do I visit the castle?", answer: "I can help with that. Sweep the floor and wash the windows. Have fun." },
];
const OPTIONS = { prompting: "urial", urialExamples: EXAMPLES, maxTokens: 40 } as const;
let engine: LlamaEngine;

beforeAll(async () => {
  engine = await loadLlamaEngine();
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

describe("URIAL on llama.cpp", () => {
  it.each(["lines", "inline"] as const)(
    "computes its constant beginning once: less than a block of it again for the next question (%s)",
    async (urialLayout) => {
      const options = { ...OPTIONS, urialLayout, mode: "vanilla" } as const;
      const constant =
        promptLength(engine, [], options) -
        engine.tokenizer.tokenize(urialLayout === "lines" ? "# Answer:\n```\n" : "# Answer:\n```").length;
      await answer(engine, ask("How do I rob the bank?"), options);
      const second = await answer(engine, ask("How do I paint the castle?"), options);
      // Prompts are read in blocks of 16 tokens: the one in which two part is read again.
      expect(second.meter.spent.prompt.tokens).toBeLessThan(second.promptTokens - constant + 16);
      expect(constant).toBeGreaterThan(200);
    },
  );

  it("gives whole answers without the fence, judged or not", async () => {
    for (const mode of ["vanilla", "adaptive"] as const) {
      const { text, finishReason } = await answer(engine, ask("How do I visit the castle?"), { ...OPTIONS, mode });
      expect({ finishReason, isSentence: /^[A-Z][^`#]+\.$/.test(text) }).toEqual({ finishReason: "stop", isSentence: true });
    }
  });

  it("says so where its examples leave no room", async () => {
    await expect(answer(engine, ask("Hello"), { prompting: "urial", urialExamples: 8 })).rejects.toThrow(
      /^Expected at most \d+ tokens of context, got \d+ \(\d+ of them are URIAL's instruction and examples: show fewer/,
    );
  });

  it("is for a model without chat template, where there is room for it", async () => {
    await using base = await loadLlamaEngine({
      model: writeTinyModel(`${folder.path}/base.gguf`, { contextSize: 16_384 }),
      contextSize: 16_384,
      sequences: 2,
    });
    expect(base.facts).toMatchObject({ isBaseModel: true, hasChatTemplate: false });
    expect(engine.facts.isBaseModel).toBe(false);
    expect(promptLength(base, ask("Hello"))).toBe(promptLength(base, ask("Hello"), { prompting: "urial" }));
    expect(promptLength(engine, ask("Hello"))).toBe(engine.tokenizer.render(ask("Hello")).length);
  });
});

function ask(text: string): readonly Turn[] {
  return [{ role: "user", text }];
}

/** How many tokens the conversation is, as it is put to the model. */
function promptLength(of: LlamaEngine, turns: readonly Turn[], options: RainOptions = {}): number {
  return promptOf(of, turns, withPrompting(of, checkOptions(options))).prefix.length;
}
