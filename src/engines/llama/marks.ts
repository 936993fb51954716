/** A part of a rendered conversation. What turns say is data; the rest is the template's, special tokens included. */
export interface TemplatePiece {
  readonly text: string;
  readonly isData: boolean;
}

/**
 * Stand-ins for data: a template is filled in with marks, and what they stand for is put in their places afterwards. So the template never
 * sees what turns and tools say, and nothing in it can be taken for the template's own text.
 */
export class Marks {
  readonly #texts: string[] = [];
  readonly #needed: number[] = [];

  /**
   * A mark for a text that no template may leave out. White space around the text stays outside: many templates trim it. A text of white space alone
   * is its own stand-in.
   */
  add(text: string): string {
    const [, before = "", core = "", after = ""] = /^(\s*)(.*?)(\s*)$/s.exec(text) ?? [];
    return core === "" ? text : `${before}${this.addWhole(core)}${after}`;
  }

  /** ... with all of its white space. It may be empty. */
  addWhole(text: string): string {
    this.#needed.push(this.#texts.length);
    return this.offer(text);
  }

  /** ... that a template may leave out. */
  offer(text: string): string {
    this.#texts.push(text);
    return markOf(this.#texts.length - 1);
  }

  /** The same values with marks in place of all keys and texts. */
  addAll(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const marked = this.#inOrder(textsOf(values), (text) => this.addWhole(text));
    return mapTexts(values, marked) as Record<string, unknown>;
  }

  /**
   * A JSON schema with marks in place of the names and texts in it. Templates that describe tools in words of their own read its keywords and types.
   * What they have to say of it is each parameter's name.
   */
  addSchema(schema: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const { properties } = schema;
    const names = new Set(isObject(properties) ? Object.keys(properties) : []);
    const marked = this.#inOrder(textsOf(schema), (text) => (names.has(text) ? this.addWhole(text) : this.offer(text)));
    return mapSchema(schema, marked) as Record<string, unknown>;
  }

  areAllIn(text: string): boolean {
    const found = new Set([...text.matchAll(MARKS)].map(({ groups }) => Number(groups?.["number"])));
    return this.#needed.every((number) => found.has(number));
  }

  pieces(text: string): TemplatePiece[] {
    const pieces: TemplatePiece[] = [];
    let done = 0;
    for (const { 0: found, groups, index } of text.matchAll(MARKS)) {
      const said = this.#texts[Number(groups?.["number"])] ?? "";
      pieces.push({ text: text.slice(done, index), isData: false }, { text: inJson(said, groups?.["escapes"] ?? ""), isData: true });
      done = index + found.length;
    }
    return [...pieces, { text: text.slice(done), isData: false }];
  }

  /** Equal texts get one mark, and marks sort as their texts do: templates compare keys, and some list them by the alphabet. */
  #inOrder(texts: readonly string[], mark: (text: string) => string): ReadonlyMap<string, string> {
    const sorted = [...new Set(texts)].map((text) => ({ text, key: text.toLowerCase() }));
    sorted.sort((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0));
    return new Map(sorted.map(({ text }) => [text, mark(text)]));
  }
}

/** Control characters, which no template contains; JSON escapes them, so that a mark tells how often it was written as JSON. */
const [OPEN, CLOSE] = ["\u0001", "\u0002"] as const;

const MARKS = new RegExp(`(?:${OPEN}|(?<escapes>\\\\+)u0001)(?<number>\\d+)(?:${CLOSE}|\\\\+u0002)`, "g");

function markOf(number: number): string {
  return `${OPEN}${String(number).padStart(6, "0")}${CLOSE}`;
}

/** A text or a mark as it reads inside of JSON. */
function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** A text whose marks read the same whether they were written as JSON or not. */
interface PlainlyMarked {
  readonly text: string;
  /** Where a place in this text is in the one that it was made of. */
  placeOf(index: number): number;
}

/** Each mark as two characters for private use with its number between them, which stand in JSON as they are. */
export function withPlainMarks(text: string): PlainlyMarked {
  const found = [...text.matchAll(MARKS)].map(({ 0: mark, groups, index }) => ({
    mark,
    index,
    plain: `\uE000${groups?.["number"]}\uE001`,
  }));
  let plain = "";
  let done = 0;
  const ends = found.map(({ mark, index, plain: written }) => {
    plain += text.slice(done, index) + written;
    done = index + mark.length;
    return { plain: plain.length, original: done };
  });
  return {
    text: plain + text.slice(done),
    placeOf(index) {
      const before = ends.findLast((end) => end.plain <= index) ?? { plain: 0, original: 0 };
      return before.original + index - before.plain;
    },
  };
}

/** A text as it reads where its mark was written as JSON: once with one backslash, twice with two, and so on, each time with twice as many. */
function inJson(text: string, { length }: string): string {
  return length === 0 ? text : inJson(escaped(text), "\\".repeat(Math.floor(length / 2)));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** As JSON has them. */
function entriesOf(object: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(object).filter(([, part]) => part !== undefined);
}

/** Keys, too. */
function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  return isObject(value) ? entriesOf(value).flatMap(([key, part]) => [key, ...textsOf(part)]) : [];
}

function mapTexts(value: unknown, texts: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") return texts.get(value);
  if (Array.isArray(value)) return value.map((part) => mapTexts(part, texts));
  if (!isObject(value)) return value;
  return Object.fromEntries(entriesOf(value).map(([key, part]) => [texts.get(key), mapTexts(part, texts)]));
}

/** Keywords whose values have names of their own as keys, and schemas as values. */
const NAMING: ReadonlySet<string> = new Set(["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"]);

/** Keywords and types are words, which templates read. */
function isWord(value: unknown): value is string {
  return typeof value === "string" && /^\$?[A-Za-z]+$/.test(value);
}

function mapSchema(value: unknown, texts: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((part) => mapSchema(part, texts));
  if (!isObject(value)) return mapTexts(value, texts);
  const entries = entriesOf(value).map(([key, part]) => {
    if (!isWord(key)) return [texts.get(key), mapTexts(part, texts)];
    if (NAMING.has(key) && isObject(part))
      return [key, Object.fromEntries(entriesOf(part).map(([name, schema]) => [texts.get(name), mapSchema(schema, texts)]))];
    return [key, key === "type" && [part].flat().every(isWord) ? part : mapSchema(part, texts)];
  });
  return Object.fromEntries(entries);
}
