/**
 * Values of a schema that are written otherwise than JSON writes them: texts without quotes. Of each byte, the schema's grammar reads what JSON
 * writes for it; so whatever a schema asks of a value is asked of these, too.
 */
import { choice, type GrammarNode, GrammarState, sequence, type Terminal, terminal } from "./grammar.ts";
import { refusal } from "./json-schema.ts";

const [QUOTE, COLON, SPACE, LAST_BYTE] = [0x22, 0x3a, 0x20, 0xff];

/** Each state is one of its own: there are never two ways to the same. */
let states = 0;

/**
 * The strings of a schema without quotes and escapes, other than those that contain `end`: whoever reads them cannot tell it from the end, even where that
 * is a special token.
 */
export function rawText(schema: GrammarNode, end: string): GrammarNode {
  const inside = GrammarState.nothing(schema).after(QUOTE);
  if (inside === undefined) throw refusal("a raw text whose schema has no strings", "the format", "give a schema of strings");
  const some = terminal(new RawText({ inside, begun: "" }, end));
  return isClosable(inside) ? choice(sequence(), some) : some;
}

/** What stands in front of texts and behind them: as the vocabulary writes it, and as it reads. */
interface Mark {
  readonly mark: string;
  readonly written: string;
}

/** The values of a schema with keys without quotes and texts between marks. */
export function unquotedJson(schema: GrammarNode, mark: Mark): GrammarNode {
  const reading = { json: GrammarState.nothing(schema), place: "value", open: "", marked: 0, begun: "" } as const;
  return terminal(new UnquotedJson([reading], mark));
}

/** A text that is being written. */
interface OpenText {
  readonly inside: GrammarState;
  /** What it ends in that the mark behind it begins with. */
  readonly begun: string;
}

/** One byte more of a text; `undefined` where it then contained the mark, or would not be of the schema. */
function textAfter({ inside, begun }: OpenText, byte: number, mark: string): OpenText | undefined {
  if (byte > LAST_BYTE) return undefined;
  let ending = begun + String.fromCharCode(byte);
  while (!mark.startsWith(ending)) ending = ending.slice(1);
  if (ending !== "" && ending === mark) return undefined;
  const after = fed(inside, escaped(byte));
  return after && { inside: after, begun: ending };
}

function isClosable(inside: GrammarState): boolean {
  return inside.after(QUOTE)?.isComplete === true;
}

/** What JSON writes for a byte of a string. */
function escaped(byte: number): string {
  const sign = String.fromCharCode(byte);
  return byte < 0x80 ? JSON.stringify(sign).slice(1, -1) : sign;
}

function fed(state: GrammarState, signs: string): GrammarState | undefined {
  let after: GrammarState | undefined = state;
  for (let index = 0; index < signs.length && after !== undefined; index++) after = after.after(signs.charCodeAt(index));
  return after;
}

class RawText implements Terminal {
  readonly key = `raw ${states++}`;
  readonly #text: OpenText;
  readonly #end: string;

  constructor(text: OpenText, end: string) {
    this.#text = text;
    this.#end = end;
  }

  get mayEnd(): boolean {
    return isClosable(this.#text.inside);
  }

  after(byte: number): Terminal | undefined {
    const text = textAfter(this.#text, byte, this.#end);
    return text && new RawText(text, this.#end);
  }
}

/** One way to read a value so far. */
interface Reading {
  readonly json: GrammarState;
  /** Where it stands: in front of a value or a key, inside of a key or a text, or behind (a part of) any other value. */
  readonly place: "value" | "key" | "inKey" | "inText" | "behind";
  /** Brackets that are open. */
  readonly open: string;
  /** How much of a mark is written. */
  readonly marked: number;
  readonly begun: string;
}

class UnquotedJson implements Terminal {
  readonly key = `unquoted ${states++}`;
  readonly #readings: readonly Reading[];
  readonly #mark: Mark;

  constructor(readings: readonly Reading[], mark: Mark) {
    this.#readings = readings;
    this.#mark = mark;
  }

  get mayEnd(): boolean {
    return this.#readings.some(({ place, json }) => place === "behind" && json.isComplete);
  }

  after(byte: number): Terminal | undefined {
    const readings = this.#readings.flatMap((reading) => this.#next(reading, byte));
    return readings.length === 0 ? undefined : new UnquotedJson(readings, this.#mark);
  }

  #next(reading: Reading, byte: number): readonly Reading[] {
    const { place, marked, json, begun } = reading;
    if (place === "inText") {
      const text = marked === 0 ? textAfter({ inside: json, begun }, byte, this.#mark.written) : undefined;
      return [...(text ? [{ ...reading, json: text.inside, begun: text.begun }] : []), ...this.#marked(reading, byte)];
    }
    if (place === "value" && byte === this.#mark.mark.charCodeAt(marked)) return this.#marked(reading, byte);
    if (marked > 0 || byte > LAST_BYTE) return [];
    if (place === "inKey") return byte === COLON ? went(reading, '":', "value") : went(reading, escaped(byte), "inKey");
    return byte <= SPACE ? [] : structural(reading, byte);
  }

  /** One byte more of the mark in front of a text, or behind it. */
  #marked(reading: Reading, byte: number): readonly Reading[] {
    const marked = reading.marked + 1;
    if (byte !== this.#mark.mark.charCodeAt(reading.marked)) return [];
    if (marked < this.#mark.mark.length) return [{ ...reading, marked }];
    return went({ ...reading, marked: 0, begun: "" }, '"', reading.place === "value" ? "inText" : "behind");
  }
}

/** Brackets, commas, and what is neither key nor text. */
function structural(reading: Reading, byte: number): readonly Reading[] {
  const { place, open } = reading;
  const sign = String.fromCharCode(byte);
  if (sign === "}" || sign === "]") return went({ ...reading, open: open.slice(0, -1) }, sign, "behind");
  if (place === "key") return went(reading, `"${escaped(byte)}`, "inKey");
  if (byte === QUOTE) return [];
  if (sign === "{" || sign === "[") return went({ ...reading, open: open + sign }, sign, sign === "{" ? "key" : "value");
  return went(reading, sign, sign === "," ? (open.endsWith("{") ? "key" : "value") : "behind");
}

function went(reading: Reading, signs: string, place: Reading["place"]): readonly Reading[] {
  const json = fed(reading.json, signs);
  return json === undefined ? [] : [{ ...reading, json, place }];
}
