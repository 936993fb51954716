import { spaced } from "../../core/prompts/tool-text.ts";

/** A stretch of a rendered conversation. What turns say is data; the rest is the template's, special tokens included. */
export interface Piece {
  readonly text: string;
  readonly isData: boolean;
}

/**
 * Stand-ins for data: a template is filled in with marks, and what they stand for is put in their places afterwards. So the template never
 * sees what turns and tools say, and nothing in it can be taken for the template's own text.
 */
export class Marks {
  readonly #values: unknown[] = [];
  readonly #needed: string[] = [];

  /** A mark for something that no template may leave out. */
  add(value: unknown): string {
    const mark = this.offer(value);
    this.#needed.push(mark);
    return mark;
  }

  /** ... and for something that it may. */
  offer(value: unknown): string {
    this.#values.push(value);
    // Characters for private use, which no template contains.
    return `\uE000${this.#values.length - 1}\uE001`;
  }

  areAllIn(text: string): boolean {
    return this.#needed.every((mark) => text.includes(mark));
  }

  pieces(text: string): Piece[] {
    const pieces: Piece[] = [];
    let done = 0;
    for (const { 0: found, 1: object, 2: quoted, 3: bare, index } of text.matchAll(MARKS)) {
      const value = this.#values[Number(object ?? quoted ?? bare)];
      pieces.push(
        { text: text.slice(done, index), isData: false },
        { text: bare === undefined ? spaced(value) : String(value), isData: true },
      );
      done = index + found.length;
    }
    return [...pieces, { text: text.slice(done), isData: false }];
  }
}

/** An object of which a mark is the only key, a mark in quotes, or a mark alone. Where the template writes JSON, so must the data be. */
const MARKS = /\{\s*"\uE000(\d+)\uE001"\s*:\s*1\s*\}|"\uE000(\d+)\uE001"|\uE000(\d+)\uE001/g;

/** What a template is given as arguments of a call. */
export function markedObject(mark: string): Record<string, unknown> {
  return { [mark]: 1 };
}
