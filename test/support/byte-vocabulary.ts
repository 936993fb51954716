import type { Prefix, Token, Tokenizer } from "../../src/core/engine.ts";
import { renderOpened } from "../../src/core/opening.ts";
import { plainConversation } from "../../src/core/plain-conversation.ts";

export const BEGIN: Token = 0;
export const END_TOKEN: Token = 1;
const FIRST_BYTE = 2;
const FIRST_PIECE = FIRST_BYTE + 256;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

const NOTHING = Uint8Array.of();
const BYTES = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
/** The characters of one byte: encoding them one by one is slow. */
const BYTES_OF = new Map(BYTES.slice(0, 0x80).map((bytes, byte) => [String.fromCharCode(byte), bytes]));

/** A vocabulary of two special tokens, the 256 bytes, some longer pieces of text, and special tokens with names. */
export class ByteVocabulary {
  readonly size: number;
  readonly #pieces: readonly string[];
  /** Pieces and their tokens by their first character, the longest first. */
  readonly #piecesFrom: ReadonlyMap<string, readonly { readonly piece: string; readonly token: Token }[]>;
  /** What each token says. Looked up at every step of every scripted model: most of what tests of the search compute. */
  readonly #said: readonly Uint8Array[];

  readonly #specials: readonly string[];

  constructor(pieces: readonly string[], specials: readonly string[] = []) {
    this.#pieces = pieces;
    this.#specials = specials;
    this.#said = [NOTHING, NOTHING, ...BYTES, ...pieces.map((piece) => encoder.encode(piece)), ...specials.map(() => NOTHING)];
    const known = pieces.map((piece, index) => ({ piece, token: FIRST_PIECE + index }));
    const longestFirst = known.toSorted((left, right) => right.piece.length - left.piece.length);
    const isFrom = (first: string) => longestFirst.filter(({ piece }) => piece.charAt(0) === first);
    this.#piecesFrom = new Map(pieces.map((piece) => piece.charAt(0)).map((first) => [first, isFrom(first)]));
    this.size = FIRST_PIECE + pieces.length + specials.length;
  }

  /** The longest piece that fits, again and again; where none fits, the bytes of one character. */
  tokenize(text: string): Token[] {
    const tokens: Token[] = [];
    let position = 0;
    while (position < text.length) {
      const known = this.#piecesFrom.get(text.charAt(position))?.find(({ piece }) => text.startsWith(piece, position));
      const taken = known?.piece ?? String.fromCodePoint(text.codePointAt(position) as number);
      if (known !== undefined) tokens.push(known.token);
      else for (const byte of BYTES_OF.get(taken) ?? encoder.encode(taken)) tokens.push(FIRST_BYTE + byte);
      position += taken.length;
    }
    return tokens;
  }

  /** A text of the template's own, in which special tokens stand by their names. */
  tokenizeMarked(text: string): Token[] {
    const named = this.#specials.find((name) => text.includes(name));
    if (named === undefined) return this.tokenize(text);
    const token = FIRST_PIECE + this.#pieces.length + this.#specials.indexOf(named);
    return text.split(named).flatMap((part, index) => [...(index === 0 ? [] : [token]), ...this.tokenizeMarked(part)]);
  }

  /** The text with special tokens by their names, the first two left out. */
  spell(tokens: Prefix): string {
    const first = FIRST_PIECE + this.#pieces.length;
    const start = tokens.findIndex((token) => token >= first);
    if (start < 0) return this.detokenize(tokens);
    return this.detokenize(tokens.slice(0, start)) + this.#specials[(tokens[start] as Token) - first] + this.spell(tokens.slice(start + 1));
  }

  detokenize(tokens: readonly Token[]): string {
    return decoder.decode(this.#bytes(tokens));
  }

  nameOf(token: Token): string {
    if (!Number.isInteger(token) || token < 0 || token >= this.size)
      throw new RangeError(`Expected a token below ${this.size}, got \`${token}\``);
    if (token < FIRST_BYTE) return token === BEGIN ? "<begin>" : "<end>";
    if (token >= FIRST_PIECE + this.#pieces.length) return this.#specials[token - FIRST_PIECE - this.#pieces.length] as string;
    return token < FIRST_PIECE
      ? `<0x${(token - FIRST_BYTE).toString(16).toUpperCase().padStart(2, "0")}>`
      : (this.#pieces[token - FIRST_PIECE] as string);
  }

  /** What a token says, with one character for each byte; `undefined` for the special tokens. */
  textOfBytes(token: Token): string | undefined {
    return token < FIRST_BYTE || token >= FIRST_PIECE + this.#pieces.length ? undefined : String.fromCharCode(...this.#bytes([token]));
  }

  /** The text of all whole characters, and the tokens of the character that is half written at the end. */
  split(tokens: readonly Token[]): { readonly text: string; readonly rest: readonly Token[] } {
    const lastBytes = tokens.slice(-3);
    const missing = lastBytes.findIndex((_, index) => isHalfCharacter(this.#bytes(lastBytes.slice(index))));
    const cut = missing < 0 ? tokens.length : tokens.length - lastBytes.length + missing;
    return { text: this.spell(tokens.slice(0, cut)), rest: tokens.slice(cut) };
  }

  #bytes(tokens: readonly Token[]): Uint8Array {
    return Buffer.concat(tokens.map((token) => this.#said[token] as Uint8Array));
  }
}

/** Whether these bytes are the beginning of one UTF-8 character that needs more bytes than these. */
function isHalfCharacter(bytes: Uint8Array): boolean {
  const first = bytes[0] ?? 0;
  const needed = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  return bytes.length > 0 && bytes.length < needed && bytes.slice(1).every((byte) => byte >= 0x80 && byte < 0xc0);
}

/** What the template of a model that thinks writes, in which special tokens stand by their names. */
export interface PlainThoughts {
  /** Behind `Assistant:`, and where no thought is asked for. */
  readonly asked: string;
  readonly quiet: string;
}

/** Turns as plain lines, behind a token that begins a text. */
export function byteTokenizer(vocabulary: ByteVocabulary, { asked, quiet }: PlainThoughts = { asked: "", quiet: "" }): Tokenizer {
  const renderText = (text: string) => [BEGIN, ...vocabulary.tokenize(text)];
  const tokenizer: Tokenizer = {
    render: (turns) => {
      const { opening, role } = turns.at(-1) ?? {};
      if (opening !== undefined) return renderOpened(turns, opening, tokenizer);
      const end = role === "assistant" ? "" : turns.some(({ thinks }) => thinks === false) ? quiet : asked;
      return [...renderText(plainConversation(turns)), ...vocabulary.tokenizeMarked(end)];
    },
    renderText,
    tokenize: (text) => vocabulary.tokenize(text),
    detokenize: (tokens) => vocabulary.detokenize(tokens),
    nameOf: (token) => vocabulary.nameOf(token),
    isEnd: (token) => token === END_TOKEN,
  };
  return tokenizer;
}
