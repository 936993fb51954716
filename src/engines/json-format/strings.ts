/** Strings of a schema, byte by byte. */
import type { Expression, Expressions } from "./expressions.ts";
import { choice, type GrammarNode, type Terminal, terminal } from "./grammar.ts";
import { Lengths } from "./lengths.ts";

/** Which strings are meant. */
export interface StringRule {
  /** Characters (code points) at least ... */
  readonly least: number;
  /** ... and at most. */
  readonly most: number;
  /** What they say; `undefined`: anything. */
  readonly texts: Expression | undefined;
}

export const ANY_STRING: StringRule = { least: 0, most: Number.POSITIVE_INFINITY, texts: undefined };

/** Bytes of a character that are still to come: so many, the next of them in this range, behind these bits. */
interface Rest {
  readonly count: number;
  readonly low: number;
  readonly high: number;
  readonly bits: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const SHORT_ESCAPES: ReadonlyMap<number, number> = new Map(
  (['""', "\\\\", "//", "b\b", "f\f", "n\n", "r\r", "t\t"] as const).map((pair) => [pair.charCodeAt(0), pair.charCodeAt(1)]),
);

/** As far as it is written; halves of surrogate pairs are left out. */
const UNICODE_ESCAPE = /^\\u(?:[0-9abcefABCEF][0-9a-fA-F]{0,3}|[dD](?:[0-7][0-9a-fA-F]{0,2})?)?$/;

/** How far a string has come. */
interface StringState {
  readonly place: "before" | "inside" | "behind";
  readonly length: number;
  /** An escape so far, from its backslash on; "" outside of escapes. */
  readonly escaping: string;
  readonly rest: Rest | undefined;
  /** What may still be said. */
  readonly texts: Expression | undefined;
}

/** The strings of a rule; none, where no text is of that length and is meant. */
export function stringText(rule: StringRule, expressions: Expressions): GrammarNode {
  const { least, most, texts } = rule;
  if (least > most || (texts !== undefined && expressions.isEmpty(texts))) return choice();
  const isCounted = texts !== undefined && (least > 0 || most < Number.POSITIVE_INFINITY);
  const lengths = isCounted ? new Lengths(expressions, texts, rule) : undefined;
  if (lengths?.isWithin(texts as Expression, least, most) === false) return choice();
  return terminal(new StringText({ ...rule, expressions, lengths }));
}

interface StringMeaning extends StringRule {
  readonly expressions: Expressions;
  readonly lengths: Lengths | undefined;
}

/** A JSON string, quotes and all: valid UTF-8 without control characters and without halves of surrogate pairs. */
class StringText implements Terminal {
  readonly #rule: StringMeaning;
  readonly #state: StringState;

  constructor(rule: StringMeaning, state?: StringState) {
    this.#rule = rule;
    this.#state = state ?? { place: "before", length: 0, escaping: "", rest: undefined, texts: rule.texts };
  }

  get mayEnd(): boolean {
    return this.#state.place === "behind";
  }

  get key(): string {
    const { place, length, escaping, rest, texts } = this.#state;
    const { least, most, texts: all } = this.#rule;
    return ["string", least, most, all?.id, place, length, escaping, rest?.count, rest?.low, rest?.high, rest?.bits, texts?.id].join(" ");
  }

  after(byte: number): Terminal | undefined {
    const state = this.#next(byte);
    return state === undefined ? undefined : new StringText(this.#rule, state);
  }

  #next(byte: number): StringState | undefined {
    const { place, escaping, rest, length, texts } = this.#state;
    if (place === "before") return byte === QUOTE ? { ...this.#state, place: "inside" } : undefined;
    if (place === "behind") return undefined;
    if (rest !== undefined) return this.#goOn(rest, byte);
    if (escaping !== "") return this.#goOnEscape(escaping + String.fromCharCode(byte), byte);
    if (byte === QUOTE) return length >= this.#rule.least && texts?.isNullable !== false ? { ...this.#state, place: "behind" } : undefined;
    return length < this.#rule.most ? this.#begin(byte) : undefined;
  }

  #begin(byte: number): StringState | undefined {
    if (byte === BACKSLASH) return this.#hasOne(0, 0xffff) ? { ...this.#state, escaping: "\\" } : undefined;
    if (byte < SPACE) return undefined;
    if (byte < 0x80) return this.#with(byte);
    const rest = restBehind(byte);
    return rest !== undefined && this.#mayBecome(rest) ? { ...this.#state, rest } : undefined;
  }

  #goOn({ count, low, high, bits }: Rest, byte: number): StringState | undefined {
    if (byte < low || byte > high) return undefined;
    const point = (bits << 6) | (byte & 0x3f);
    if (count === 1) return this.#with(point);
    const rest = { count: count - 1, low: 0x80, high: 0xbf, bits: point };
    return this.#mayBecome(rest) ? { ...this.#state, rest } : undefined;
  }

  #goOnEscape(escaping: string, byte: number): StringState | undefined {
    const short = escaping.length === 2 ? SHORT_ESCAPES.get(byte) : undefined;
    if (short !== undefined) return this.#with(short);
    if (!UNICODE_ESCAPE.test(escaping)) return undefined;
    const point = Number.parseInt(`0${escaping.slice(2)}`, 16);
    if (escaping.length === 6) return this.#with(point);
    const missing = 4 * (6 - escaping.length);
    return this.#hasOne(point << missing, ((point + 1) << missing) - 1) ? { ...this.#state, escaping } : undefined;
  }

  #mayBecome({ count, low, high, bits }: Rest): boolean {
    const [least, most] = [(bits << 6) | (low & 0x3f), (bits << 6) | (high & 0x3f)];
    const missing = 6 * (count - 1);
    return this.#hasOne(least << missing, ((most + 1) << missing) - 1);
  }

  /** A whole character more. From where any number will do, they are not counted on: fewer places to tell apart. */
  #with(point: number): StringState | undefined {
    const { least, most } = this.#rule;
    const texts = this.#behind(point, point);
    if (texts === undefined && this.#state.texts !== undefined) return undefined;
    const isCounted = most < Number.POSITIVE_INFINITY || this.#state.length < least;
    return { place: "inside", escaping: "", rest: undefined, texts, length: this.#state.length + (isCounted ? 1 : 0) };
  }

  /** Whether one of these characters may follow. */
  #hasOne(low: number, high: number): boolean {
    return this.#state.texts === undefined || this.#behind(low, high) !== undefined;
  }

  /** What is left to say behind one of these characters, so that it can be said within the bounds of the length. */
  #behind(low: number, high: number): Expression | undefined {
    const { texts, length } = this.#state;
    const { expressions, lengths, least, most } = this.#rule;
    if (texts === undefined) return undefined;
    const fits = (to: Expression) => lengths?.isWithin(to, least - length - 1, most - length - 1) !== false;
    return expressions.moves(texts).find(({ on, to }) => on.meets(low, high) && fits(to))?.to;
  }
}

/** What must follow the first byte of a character of several bytes (RFC 3629); `undefined` for a byte that begins none. */
function restBehind(first: number): Rest | undefined {
  if (first >= 0xc2 && first <= 0xdf) return { count: 1, low: 0x80, high: 0xbf, bits: first & 0x1f };
  if (first >= 0xe0 && first <= 0xef)
    return { count: 2, low: first === 0xe0 ? 0xa0 : 0x80, high: first === 0xed ? 0x9f : 0xbf, bits: first & 0x0f };
  if (first >= 0xf0 && first <= 0xf4)
    return { count: 3, low: first === 0xf0 ? 0x90 : 0x80, high: first === 0xf4 ? 0x8f : 0xbf, bits: first & 0x07 };
  return undefined;
}
