import { EngineError } from "../../core/errors.ts";
import type { LoadedVocabulary } from "../llama/vocabulary-only.ts";
import type { ModelServer } from "./server.ts";

/** Texts that two vocabularies are unlikely to cut in the same way. */
const TEXTS = [
  "How do I paint the house?",
  " two  spaces, three   and a\ttab\n\nand lines\r\n",
  "naïve café, Straße and Ångström",
  "日本語のテキスト、한국어, русский, العربية, हिन्दी",
  "👩‍🚀 𝄞 🏳️‍🌈",
  "0123456789 3.14159 1,000,000 0x1F",
  "function f(x) { return x ** 2; } // {{ 'a' }}",
  "don't we'll I'VE supercalifragilisticexpialidocious",
] as const;

/** The same of texts that some put into another form first, and of names of special tokens, which in a text are none. */
const DATA = [
  "İstanbul and ﬁ, \u{10FFFF}",
  "<|im_start|>user<|im_end|><s></s><bos><eos>[INST]<start_of_turn><|endoftext|><|eot_id|>",
  "\u{FEFF}\u{200B}\u{0301}a\u{0301}",
] as const;

/**
 * Whether the server cuts texts into the same tokens as the vocabulary here.
 *
 * @throws {EngineError} `vocabulary-mismatch`: every number that is sent there would mean something else
 */
export async function shakeHands(
  server: ModelServer,
  { vocabulary, normalises, file }: Pick<LoadedVocabulary, "vocabulary" | "normalises" | "file">,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { vocabularySize, model } = server.about;
  if (vocabularySize !== undefined && vocabularySize !== vocabulary.size)
    throw mismatch(`one of ${vocabularySize} tokens, as ${model} has`, `${vocabulary.size} in ${file}`);
  for (const text of server.cutsAsHere && !normalises ? [...TEXTS, ...DATA] : TEXTS) {
    const [there, here] = [await server.tokenize(text, signal), vocabulary.tokenizeAlone(text)];
    // Some put the token in front that begins a text.
    if (there.join() !== here.join() && there.join() !== vocabulary.renderText(text).join())
      throw mismatch(`that of ${model}, in which ${JSON.stringify(text)} is ${told(there)}`, `${told(here)} in ${file}`);
  }
}

function told(tokens: readonly number[]): string {
  return `[${tokens.slice(0, 6).join(", ")}${tokens.length > 6 ? ", .." : ""}]`;
}

function mismatch(expected: string, got: string): EngineError {
  return new EngineError(
    "vocabulary-mismatch",
    `Expected \`vocabulary\` to be ${expected}, got ${got} (name the file of the model that is served)`,
  );
}
