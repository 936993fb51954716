import type { Token, Tokenizer } from "../../src/core/engine.ts";
import { plainConversation } from "../../src/core/plain-conversation.ts";

export const BEGIN: Token = 0;
export const END_TOKEN: Token = 1;
const FIRST_BYTE = 2;
const FIRST_PIECE = FIRST_BYTE + 256;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A vocabulary of two special tokens, the 256 bytes, and some longer pieces of text. */
export class ByteVocabulary {
  readonly size: number;
  readonly #pieces: readonly string[];
  readonly #longestFirst: readonly string[];
  /** What each token says. Looked up at every step of every scripted model: most of what tests of the search compute. */
  readonly #said: readonly Uint8Array[];

  constructor(pieces: readonly string[]) {
    this.#pieces = pieces;
    const bytes = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
    this.#said = [Uint8Array.of(), Uint8Array.of(), ...bytes, ...pieces.map((piece) => encoder.encode(piece))];
    this.#longestFirst = pieces.toSorted((left, right) => right.length - left.length);
    this.size = FIRST_PIECE + pieces.length;
  }

  /** The longest piece that fits, again and again; where none fits, the bytes of one character. */
  tokenize(text: string): Token[] {
    const tokens: Token[] = [];
    let position = 0;
    while (position < text.length) {
      const piece = this.#longestFirst.find((candidate) => text.startsWith(candidate, position));
      const taken = piece ?? String.fromCodePoint(text.codePointAt(position) as number);
      tokens.push(
        ...(piece === undefined
          ? [...encoder.encode(taken)].map((byte) => FIRST_BYTE + byte)
          : [FIRST_PIECE + this.#pieces.indexOf(piece)]),
      );
      position += taken.length;
    }
    return tokens;
  }

  detokenize(tokens: readonly Token[]): string {
    return decoder.decode(this.#bytes(tokens));
  }

  nameOf(token: Token): string {
    if (!Number.isInteger(token) || token < 0 || token >= this.size)
      throw new RangeError(`Expected a token below ${this.size}, got \`${token}\``);
    if (token < FIRST_BYTE) return token === BEGIN ? "<begin>" : "<end>";
    return token < FIRST_PIECE
      ? `<0x${(token - FIRST_BYTE).toString(16).toUpperCase().padStart(2, "0")}>`
      : (this.#pieces[token - FIRST_PIECE] as string);
  }

  /** What a token says, with one character for each byte; `undefined` for the special tokens. */
  textOfBytes(token: Token): string | undefined {
    return token < FIRST_BYTE ? undefined : String.fromCharCode(...this.#bytes([token]));
  }

  /** The text of all whole characters, and the tokens of the character that is half written at the end. */
  split(tokens: readonly Token[]): { readonly text: string; readonly rest: readonly Token[] } {
    const lastBytes = tokens.slice(-3);
    const missing = lastBytes.findIndex((_, index) => isHalfCharacter(this.#bytes(lastBytes.slice(index))));
    const cut = missing < 0 ? tokens.length : tokens.length - lastBytes.length + missing;
    return { text: this.detokenize(tokens.slice(0, cut)), rest: tokens.slice(cut) };
  }

  #bytes(tokens: readonly Token[]): Uint8Array {
    const parts = tokens.map((token) => this.#said[token] as Uint8Array);
    const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let position = 0;
    for (const part of parts) {
      bytes.set(part, position);
      position += part.length;
    }
    return bytes;
  }
}

/** Whether these bytes are the beginning of one UTF-8 character that needs more bytes than these. */
function isHalfCharacter(bytes: Uint8Array): boolean {
  const first = bytes[0] ?? 0;
  const needed = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  return bytes.length < needed && bytes.slice(1).every((byte) => byte >= 0x80 && byte < 0xc0);
}

/** Turns as plain lines, behind a token that begins a text. */
export function byteTokenizer(vocabulary: ByteVocabulary): Tokenizer {
  const renderText = (text: string) => [BEGIN, ...vocabulary.tokenize(text)];
  return {
    render: (turns) => renderText(plainConversation(turns)),
    renderText,
    tokenize: (text) => vocabulary.tokenize(text),
    detokenize: (tokens) => vocabulary.detokenize(tokens),
    nameOf: (token) => vocabulary.nameOf(token),
    isEnd: (token) => token === END_TOKEN,
  };
}
