/** What tokens say, byte by byte: each byte as the character of its number. */
import type { Token } from "../../core/engine.ts";
import { bytesOf, type TokenTable } from "../json-format/index.ts";
import type { VocabularyModel } from "./vocabulary.ts";

/** What `llama_detokenize` takes a space away from, in vocabularies whose texts it "cleans up". */
const CLEANED = "a , b ?";

/** A token that the model's maker has added stands in the file as it reads. */
const USER_DEFINED = 4;

/**
 * What the tokens of a model say. The library gives texts, in which half a character reads as U+FFFD; what such a token
 * says is read off the vocabulary in the model's file. A token that reads as something only with others says nothing here.
 */
export function tokenTable(model: VocabularyModel): TokenTable {
  const { tokens = [], model: kind } = model.fileInfo.metadata.tokenizer?.ggml ?? {};
  // Behind another word, so that a space in front of the token is not taken for the one that begins a text.
  const before = model.tokenize("a");
  return {
    size: tokens.length,
    isEnd: (token) => model.isEogToken(token),
    bytesOf:
      writtenBytes(model) ??
      ((token) => {
        const text = model.detokenize([token], false, before);
        // Special tokens read as nothing.
        return text.includes("\uFFFD") ? namedBytes(String(tokens[token]), kind) : bytesOf(text);
      }),
    specialOf: (token) => (model.isSpecialToken(token) ? model.detokenize([token], true) : undefined),
  };
}

/**
 * What each token says, by its name: for vocabularies of which llama.cpp gives no text as it was written. It takes the spaces away in front of `?`, `!`, `.`,
 * `,` and some apostrophes, for Llama 3, Gemma 4, Falcon, LFM2 and others. `undefined` where it keeps them.
 */
export function writtenBytes(model: VocabularyModel): ((token: Token) => string) | undefined {
  const { tokens = [], model: kind, token_type: types = [] } = model.fileInfo.metadata.tokenizer?.ggml ?? {};
  const isKept = model.detokenize(model.tokenize(CLEANED)) === CLEANED;
  if (isKept || (kind !== "gpt2" && kind !== "gemma4")) return undefined;
  return (token) => {
    if (model.isSpecialToken(token)) return "";
    const name = String(tokens[token] ?? "");
    return types[token] === USER_DEFINED ? bytesOf(name) : (namedBytes(name, kind) ?? bytesOf(name));
  };
}

/** The bytes that a token's name in the vocabulary stands for; `undefined` for names of an unknown kind. */
function namedBytes(name: string, kind: string | undefined): string | undefined {
  const byte = /^<0x([0-9A-F]{2})>$/.exec(name)?.[1];
  if (byte !== undefined) return String.fromCharCode(Number.parseInt(byte, 16));
  if (kind === "gemma4") return bytesOf(name.replaceAll("\u2581", " "));
  if (kind !== "gpt2") return undefined;
  const bytes = [...name].map((letter) => BYTE_OF_LETTER.get(letter));
  return bytes.includes(undefined) ? undefined : String.fromCharCode(...(bytes as number[]));
}

/** Byte-level vocabularies (GPT-2's and all after it) write each byte as a letter: printable ones as themselves, the others from U+0100 on. */
const BYTE_OF_LETTER: ReadonlyMap<string, number> = new Map(lettersOfBytes());

function* lettersOfBytes(): Generator<[letter: string, byte: number]> {
  let others = 0;
  for (let byte = 0; byte < 256; byte++) {
    const isPrintable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    yield [String.fromCharCode(isPrintable ? byte : 0x100 + others++), byte];
  }
}
