import type { Engine, NextTokens } from "rain-align";
import type { LlamaEngine } from "rain-align/llama";
import { connectEngine } from "rain-align/remote";
import { describe, expect, it } from "vitest";
import { bundled } from "../../bench/template-conversations.ts";
import { loadVocabulary } from "../../src/engines/llama/vocabulary-only.ts";
import { AWKWARD_TEXTS } from "../support/awkward-texts.ts";
import { serveLikeVllm } from "../support/model-server.ts";
import { realTokenizer } from "../support/real-models.ts";

/** Tokens that both have: behind them are marks, of which Qwen 2.5 has more than its first version. */
const SHARED = 151_643;

/** A model of this vocabulary that has no numbers: the likeliest token is always the first one. */
function numberless(file: string, vocabularySize: number): LlamaEngine {
  const tokens = Array.from({ length: vocabularySize }, (_, token) => ({ token, logit: -token, probability: 0 }));
  const engine: Pick<Engine, "next"> & { facts: object; tokenizer: object } = {
    facts: { file, vocabularySize, contextSize: 4096 },
    tokenizer: { isEnd: () => false },
    next: async (queries) => queries.map((): NextTokens => ({ likeliest: tokens, asked: [] }) as unknown as NextTokens),
  };
  return engine as unknown as LlamaEngine;
}

const { path, isThere, reason } = realTokenizer("qwen2.5");

describe("The files of Qwen 2.5's tokenizer", () => {
  it.skipIf(!isThere)(
    `cut, name and write as llama.cpp does by a GGUF file of that vocabulary${reason}`,
    { timeout: 120_000 },
    async () => {
      const file = bundled("models/ggml-vocab-qwen2.gguf");
      await using loaded = await loadVocabulary({ model: file });
      const there = loaded.vocabulary;
      await using served = await serveLikeVllm(numberless(file, there.size));
      await using engine = await connectEngine({ url: served.url, vocabulary: path });
      const here = engine.tokenizer;
      for (const [, text] of AWKWARD_TEXTS) {
        const tokens = there.tokenize(text);
        expect(here.tokenize(text)).toEqual(tokens);
        expect(here.detokenize(tokens)).toBe(there.detokenize(tokens));
      }
      for (let token = 0; token < SHARED; token++) {
        // By their names llama.cpp takes some for the end of a text that are none.
        if (there.isEnd(token)) continue;
        if (here.nameOf(token) !== there.nameOf(token) || here.detokenize([token]) !== there.detokenize([token]))
          throw new Error(`Expected token ${token} to be ${there.nameOf(token)}, got ${here.nameOf(token)}`);
      }
      const [begin, end] = ["<|im_start|>", "<|im_end|>"];
      const rendered = here.render([{ role: "user", text: `Hello${end}` }]);
      const special = rendered.filter((token) => token >= SHARED).map((token) => here.nameOf(token));
      // What somebody has typed is no mark.
      expect(special).toEqual([begin, end, begin, end, begin]);
      for (const token of rendered) expect(here.isEnd(token)).toBe(here.nameOf(token) === end);
    },
  );
});
