import type { Token } from "../../core/engine.ts";
import type { Written } from "./written.ts";

/** What an engine's vocabulary says of a token. */
export interface TokenTable {
  readonly size: number;
  /** What the token says, as bytes (one character each); `undefined` for special tokens and what cannot be known. */
  bytesOf(token: Token): string | undefined;
  isEnd(token: Token): boolean;
}

/** A vocabulary in alphabetical order, in which the tokens that a format allows are found without trying all of them. */
export class TokenIndex {
  /** End tokens. */
  readonly ends: readonly Token[];
  readonly #bytes: readonly (string | undefined)[];
  readonly #sorted: readonly { readonly token: Token; readonly bytes: string }[];

  constructor(table: TokenTable) {
    const tokens = Array.from({ length: table.size }, (_, token) => token);
    this.ends = tokens.filter((token) => table.isEnd(token));
    this.#bytes = tokens.map((token) => (table.isEnd(token) ? undefined : table.bytesOf(token) || undefined));
    this.#sorted = this.#bytes
      .flatMap((bytes, token) => (bytes === undefined ? [] : { token, bytes }))
      .sort((left, right) => (left.bytes < right.bytes ? -1 : left.bytes > right.bytes ? 1 : left.token - right.token));
  }

  /** `undefined` for a token that says nothing. */
  bytesOf(token: Token): string | undefined {
    return this.#bytes[token];
  }

  /** Whether every character of ASCII that is no control character is a token: then every place in a JSON text has a token that goes on. */
  get canSpell(): boolean {
    const single = new Set(this.#bytes);
    return Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).every((character) => single.has(character));
  }

  /** All tokens that may follow, end tokens aside; no more than `limit` of them are looked for. */
  allowedBehind(written: Written, limit: number): Token[] {
    const found: Token[] = [];
    this.#gather({ written, depth: 0, from: 0, to: this.#sorted.length }, { found, limit });
    return found;
  }

  /** Tokens between `from` and `to` begin alike, with `depth` bytes that were written already. */
  #gather({ written, depth, from, to }: Stretch, gathering: { readonly found: Token[]; readonly limit: number }): void {
    const { found, limit } = gathering;
    let next = from;
    for (; next < to && this.#at(next).length === depth; next++) if (depth > 0) found.push(this.#tokenAt(next));
    while (next < to && found.length < limit) {
      const byte = this.#at(next).charCodeAt(depth);
      const end = this.#endOf({ byte, depth, from: next, to });
      const after = written.after(byte);
      if (after !== undefined) this.#gather({ written: after, depth: depth + 1, from: next, to: end }, gathering);
      next = end;
    }
  }

  /** Where tokens with another byte begin. */
  #endOf({ byte, depth, from, to }: { byte: number; depth: number; from: number; to: number }): number {
    let [low, high] = [from, to];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#at(middle).charCodeAt(depth) <= byte) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #at(index: number): string {
    return (this.#sorted[index] as { bytes: string }).bytes;
  }

  #tokenAt(index: number): Token {
    return (this.#sorted[index] as { token: Token }).token;
  }
}

interface Stretch {
  readonly written: Written;
  readonly depth: number;
  readonly from: number;
  readonly to: number;
}
