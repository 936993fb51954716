import type { LlamaModel, Token as LlamaToken } from "node-llama-cpp";
import type { Token } from "../../core/engine.ts";
import { bytesOf } from "../json-format/grammar.ts";
import type { TokenTable } from "../json-format/token-index.ts";

/**
 * What the tokens of a model say, byte by byte. The library gives texts, in which half a character reads as U+FFFD; what such a token
 * says is read off the vocabulary in the model's file. A token that reads as something only with others says nothing here.
 */
export function tokenTable(model: LlamaModel): TokenTable {
  const { tokens = [], model: kind } = model.fileInfo.metadata.tokenizer?.ggml ?? {};
  // Behind another word, so that a space in front of the token is not taken for the one that begins a text.
  const before = model.tokenize("a");
  return {
    size: tokens.length,
    isEnd: (token) => model.isEogToken(token as LlamaToken),
    bytesOf(token: Token) {
      const text = model.detokenize([token as LlamaToken], false, before);
      // Special tokens read as nothing.
      return text.includes("\uFFFD") ? namedBytes(String(tokens[token]), kind) : bytesOf(text);
    },
  };
}

/** The bytes that a token's name in the vocabulary stands for; `undefined` for names of an unknown kind. */
function namedBytes(name: string, kind: string | undefined): string | undefined {
  const byte = /^<0x([0-9A-F]{2})>$/.exec(name)?.[1];
  if (byte !== undefined) return String.fromCharCode(Number.parseInt(byte, 16));
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
