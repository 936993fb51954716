import type { Token } from "../../src/core/engine/engine.ts";

export const BEGIN: Token = 0;
export const END_TOKEN: Token = 1;
const FIRST_BYTE = 2;
const FIRST_PIECE = FIRST_BYTE + 256;

/** A vocabulary of two special tokens, the 256 bytes, and some longer pieces of text. */
export class ByteVocabulary {
  readonly size: number;
  readonly #pieces: readonly string[];
  readonly #longestFirst: readonly string[];

  constructor(pieces: readonly string[]) {
    this.#pieces = pieces;
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
      tokens.push(...(piece === undefined ? bytesOf(taken).map((byte) => FIRST_BYTE + byte) : [FIRST_PIECE + this.#pieces.indexOf(piece)]));
      position += taken.length;
    }
    return tokens;
  }

  detokenize(tokens: readonly Token[]): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.#bytes(tokens));
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
    return token < FIRST_BYTE ? undefined : String.fromCharCode(...this.#bytesOfToken(token));
  }

  /** The text of all whole characters, and the tokens of the character that is half written at the end. */
  split(tokens: readonly Token[]): { readonly text: string; readonly rest: readonly Token[] } {
    const lastBytes = tokens.slice(-3);
    const missing = lastBytes.findIndex((_, index) => isHalfCharacter(this.#bytes(lastBytes.slice(index))));
    const cut = missing < 0 ? tokens.length : tokens.length - lastBytes.length + missing;
    return { text: this.detokenize(tokens.slice(0, cut)), rest: tokens.slice(cut) };
  }

  #bytes(tokens: readonly Token[]): Uint8Array {
    return Uint8Array.from(tokens.flatMap((token) => this.#bytesOfToken(token)));
  }

  #bytesOfToken(token: Token): readonly number[] {
    if (token < FIRST_BYTE) return [];
    return token < FIRST_PIECE ? [token - FIRST_BYTE] : bytesOf(this.#pieces[token - FIRST_PIECE] as string);
  }
}

function bytesOf(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

/** Whether these bytes are the beginning of one UTF-8 character that needs more bytes than these. */
function isHalfCharacter(bytes: Uint8Array): boolean {
  const first = bytes[0] ?? 0;
  const needed = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  return bytes.length < needed && bytes.slice(1).every((byte) => byte >= 0x80 && byte < 0xc0);
}
