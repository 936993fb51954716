import { describe, expect, it } from "vitest";
import { bundled } from "../../../bench/template-conversations.ts";
import { tokenTable } from "../../../src/engines/llama/token-bytes.ts";
import { loadVocabulary } from "../../../src/engines/llama/vocabulary-only.ts";
import { AWKWARD_TEXTS } from "../../support/awkward-texts.ts";

/** Spaces that llama.cpp takes away from the texts of some vocabularies. */
const SPACED = `Qu'est-ce ? Rien ! a , b . we 'm , it 's , a n't { "a" : " , " }`;

describe.each(["llama-bpe", "gemma-4", "falcon", "gpt-2", "starcoder", "qwen2", "deepseek-llm"])("The vocabulary of %s", (name) => {
  it("says each text as it was written, in one go, token by token, and byte by byte", { timeout: 60_000 }, async () => {
    await using loaded = await loadVocabulary({ model: bundled(`models/ggml-vocab-${name}.gguf`) });
    const { vocabulary, model } = loaded;
    const table = tokenTable(model);
    for (const text of [SPACED, ...AWKWARD_TEXTS.filter(([what]) => !what.startsWith("half")).map(([, awkward]) => awkward)]) {
      const tokens = vocabulary.tokenize(text);
      expect(vocabulary.detokenize(tokens)).toBe(text);
      const bytes = tokens.map((token) => table.bytesOf(token)).join("");
      expect(Buffer.from(bytes, "latin1").toString()).toBe(text);
      for (let at = 1; at < Math.min(40, tokens.length); at++) {
        const [before, behind] = [tokens.slice(0, at), tokens.slice(at)];
        if (!vocabulary.detokenize(before).endsWith("\u{FFFD}"))
          expect(vocabulary.detokenize(before) + vocabulary.detokenize(behind, before)).toBe(text);
      }
    }
  });
});
