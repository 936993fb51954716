import type { Machine } from "./grammar.ts";

/** Which strings are meant. */
export interface StringRule {
  /** Characters (code points) at least ... */
  readonly least: number;
  /** ... and at most. */
  readonly most: number;
  /** Strings that are not meant, as bytes. Where there are any, nothing is escaped: each string then has one spelling only. */
  readonly except?: ReadonlySet<string>;
}

/** Bytes of a character that are still to come: so many, the next of them in this range. */
interface Rest {
  readonly count: number;
  readonly low: number;
  readonly high: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const SHORT_ESCAPES: ReadonlySet<number> = new Set([...'"\\/bfnrt'].map((character) => character.charCodeAt(0)));

/** As far as it is written; halves of surrogate pairs are left out. */
const UNICODE_ESCAPE = /^\\u(?:[0-9abcef][0-9a-f]{0,3}|d(?:[0-7][0-9a-f]{0,2})?)?$/i;

/** How far a string has come. */
interface Progress {
  readonly place: "before" | "inside" | "behind";
  readonly length: number;
  /** An escape so far, from its backslash on; "" outside of escapes. */
  readonly escaping: string;
  readonly rest: Rest | undefined;
  /** All bytes inside, where some strings are excepted. */
  readonly bytes: string;
}

const START: Progress = { place: "before", length: 0, escaping: "", rest: undefined, bytes: "" };

/** A JSON string, quotes and all: valid UTF-8 without control characters and without halves of surrogate pairs. */
export class StringText implements Machine {
  readonly #rule: StringRule;
  readonly #progress: Progress;

  constructor(rule: StringRule, progress: Progress = START) {
    this.#rule = rule;
    this.#progress = progress;
  }

  get mayEnd(): boolean {
    return this.#progress.place === "behind";
  }

  get key(): string {
    const { place, length, escaping, rest, bytes } = this.#progress;
    const { least, most, except } = this.#rule;
    return ["string", least, most, [...(except ?? [])].join(), place, length, escaping, rest?.count, rest?.low, rest?.high, bytes].join(
      " ",
    );
  }

  after(byte: number): Machine | undefined {
    const progress = this.#next(byte);
    return progress === undefined ? undefined : new StringText(this.#rule, progress);
  }

  #next(byte: number): Progress | undefined {
    const { place, escaping, rest } = this.#progress;
    if (place === "before") return byte === QUOTE ? { ...START, place: "inside" } : undefined;
    if (place === "behind") return undefined;
    if (rest !== undefined) return this.#goOn(rest, byte);
    if (escaping !== "") return this.#goOnEscape(escaping + String.fromCharCode(byte));
    if (byte === QUOTE) return this.#isMeant() ? { ...this.#progress, place: "behind" } : undefined;
    return this.#progress.length < this.#rule.most ? this.#begin(byte) : undefined;
  }

  #begin(byte: number): Progress | undefined {
    if (byte === BACKSLASH) return this.#rule.except === undefined ? { ...this.#progress, escaping: "\\" } : undefined;
    if (byte < SPACE) return undefined;
    if (byte < 0x80) return this.#with(byte, undefined);
    const rest = restBehind(byte);
    return rest === undefined ? undefined : this.#with(byte, rest);
  }

  #goOn({ count, low, high }: Rest, byte: number): Progress | undefined {
    if (byte < low || byte > high) return undefined;
    return this.#with(byte, count === 1 ? undefined : { count: count - 1, low: 0x80, high: 0xbf });
  }

  #goOnEscape(escaping: string): Progress | undefined {
    if (escaping.length === 2 && SHORT_ESCAPES.has(escaping.charCodeAt(1))) return this.#counted();
    if (!UNICODE_ESCAPE.test(escaping)) return undefined;
    return escaping.length === 6 ? this.#counted() : { ...this.#progress, escaping };
  }

  #with(byte: number, rest: Rest | undefined): Progress | undefined {
    const { except, most } = this.#rule;
    const bytes = except === undefined ? "" : this.#progress.bytes + String.fromCharCode(byte);
    if (rest !== undefined) return { ...this.#progress, rest, bytes };
    const progress = { ...this.#counted(), bytes };
    // A string that may not end here must be able to go on.
    return progress.length === most && except?.has(bytes) === true ? undefined : progress;
  }

  /** A whole character more. From where any number will do, they are not counted on: fewer places to tell apart. */
  #counted(): Progress {
    const { least, most } = this.#rule;
    const isCounted = most < Number.POSITIVE_INFINITY || this.#progress.length < least;
    return { ...this.#progress, escaping: "", rest: undefined, length: this.#progress.length + (isCounted ? 1 : 0) };
  }

  #isMeant(): boolean {
    return this.#progress.length >= this.#rule.least && this.#rule.except?.has(this.#progress.bytes) !== true;
  }
}

/** What must follow the first byte of a character of several bytes (RFC 3629); `undefined` for a byte that begins none. */
function restBehind(first: number): Rest | undefined {
  if (first >= 0xc2 && first <= 0xdf) return { count: 1, low: 0x80, high: 0xbf };
  if (first >= 0xe0 && first <= 0xef) return { count: 2, low: first === 0xe0 ? 0xa0 : 0x80, high: first === 0xed ? 0x9f : 0xbf };
  if (first >= 0xf0 && first <= 0xf4) return { count: 3, low: first === 0xf0 ? 0x90 : 0x80, high: first === 0xf4 ? 0x8f : 0xbf };
  return undefined;
}
