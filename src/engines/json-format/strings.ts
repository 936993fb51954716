/** Strings of a schema, byte by byte. */
import { bytesOf, choice, type GrammarNode, type Terminal, terminal } from "./grammar.ts";
import { countOf, refusal, type Subschema } from "./json-schema.ts";

/** Which strings are meant. */
interface StringRule {
  /** Characters (code points) at least ... */
  readonly least: number;
  /** ... and at most. */
  readonly most: number;
  /** Strings that are not meant, as bytes. Where there are any, nothing is escaped: each string then has one spelling only. */
  readonly except?: ReadonlySet<string> | undefined;
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
interface StringState {
  readonly place: "before" | "inside" | "behind";
  readonly length: number;
  /** An escape so far, from its backslash on; "" outside of escapes. */
  readonly escaping: string;
  readonly rest: Rest | undefined;
  /** All bytes inside, where some strings are excepted. */
  readonly bytes: string;
}

const START: StringState = { place: "before", length: 0, escaping: "", rest: undefined, bytes: "" };

/** A string of any characters and any length. */
export function anyString(): GrammarNode {
  return terminal(new StringText({ least: 0, most: Number.POSITIVE_INFINITY }));
}

/** A string within the bounds of a schema. */
export function stringText(place: Subschema): GrammarNode {
  return terminal(new StringText(lengthsOf(place)));
}

/** A name within the bounds of a schema, other than those that are declared, to which the bounds apply as well. */
export function otherName(place: Subschema, declared: readonly string[]): GrammarNode {
  const { least, most } = lengthsOf(place);
  const stray = declared.find((name) => [...name].length < least || [...name].length > most);
  if (stray !== undefined) throw refusal(`\`${stray}\`, which is declared, too short or too long`, place.at, "change its bounds");
  if (most === 0 && declared.length > 0) return choice();
  const except = declared.length === 0 ? undefined : new Set(declared.map(bytesOf));
  return terminal(new StringText({ least, most, except }));
}

function lengthsOf(place: Subschema): Pick<StringRule, "least" | "most"> {
  const least = countOf(place, "minLength", 0);
  const most = countOf(place, "maxLength", Number.POSITIVE_INFINITY);
  if (least > most) throw refusal("`minLength` above `maxLength`", place.at, "swap them");
  return { least, most };
}

/** A JSON string, quotes and all: valid UTF-8 without control characters and without halves of surrogate pairs. */
class StringText implements Terminal {
  readonly #rule: StringRule;
  readonly #state: StringState;

  constructor(rule: StringRule, state: StringState = START) {
    this.#rule = rule;
    this.#state = state;
  }

  get mayEnd(): boolean {
    return this.#state.place === "behind";
  }

  get key(): string {
    const { place, length, escaping, rest, bytes } = this.#state;
    const { least, most, except } = this.#rule;
    return ["string", least, most, [...(except ?? [])].join(), place, length, escaping, rest?.count, rest?.low, rest?.high, bytes].join(
      " ",
    );
  }

  after(byte: number): Terminal | undefined {
    const state = this.#next(byte);
    return state === undefined ? undefined : new StringText(this.#rule, state);
  }

  #next(byte: number): StringState | undefined {
    const { place, escaping, rest } = this.#state;
    if (place === "before") return byte === QUOTE ? { ...START, place: "inside" } : undefined;
    if (place === "behind") return undefined;
    if (rest !== undefined) return this.#goOn(rest, byte);
    if (escaping !== "") return this.#goOnEscape(escaping + String.fromCharCode(byte));
    if (byte === QUOTE) return this.#isMeant() ? { ...this.#state, place: "behind" } : undefined;
    return this.#state.length < this.#rule.most ? this.#begin(byte) : undefined;
  }

  #begin(byte: number): StringState | undefined {
    if (byte === BACKSLASH) return this.#rule.except === undefined ? { ...this.#state, escaping: "\\" } : undefined;
    if (byte < SPACE) return undefined;
    if (byte < 0x80) return this.#with(byte, undefined);
    const rest = restBehind(byte);
    return rest === undefined ? undefined : this.#with(byte, rest);
  }

  #goOn({ count, low, high }: Rest, byte: number): StringState | undefined {
    if (byte < low || byte > high) return undefined;
    return this.#with(byte, count === 1 ? undefined : { count: count - 1, low: 0x80, high: 0xbf });
  }

  #goOnEscape(escaping: string): StringState | undefined {
    if (escaping.length === 2 && SHORT_ESCAPES.has(escaping.charCodeAt(1))) return this.#counted();
    if (!UNICODE_ESCAPE.test(escaping)) return undefined;
    return escaping.length === 6 ? this.#counted() : { ...this.#state, escaping };
  }

  #with(byte: number, rest: Rest | undefined): StringState | undefined {
    const { except, most } = this.#rule;
    const bytes = except === undefined ? "" : this.#state.bytes + String.fromCharCode(byte);
    if (rest !== undefined) return { ...this.#state, rest, bytes };
    const state = { ...this.#counted(), bytes };
    // A string that may not end here must be able to go on.
    return state.length === most && except?.has(bytes) === true ? undefined : state;
  }

  /** A whole character more. From where any number will do, they are not counted on: fewer places to tell apart. */
  #counted(): StringState {
    const { least, most } = this.#rule;
    const isCounted = most < Number.POSITIVE_INFINITY || this.#state.length < least;
    return { ...this.#state, escaping: "", rest: undefined, length: this.#state.length + (isCounted ? 1 : 0) };
  }

  #isMeant(): boolean {
    return this.#state.length >= this.#rule.least && this.#rule.except?.has(this.#state.bytes) !== true;
  }
}

/** What must follow the first byte of a character of several bytes (RFC 3629); `undefined` for a byte that begins none. */
function restBehind(first: number): Rest | undefined {
  if (first >= 0xc2 && first <= 0xdf) return { count: 1, low: 0x80, high: 0xbf };
  if (first >= 0xe0 && first <= 0xef) return { count: 2, low: first === 0xe0 ? 0xa0 : 0x80, high: first === 0xed ? 0x9f : 0xbf };
  if (first >= 0xf0 && first <= 0xf4) return { count: 3, low: first === 0xf0 ? 0x90 : 0x80, high: first === 0xf4 ? 0x8f : 0xbf };
  return undefined;
}
