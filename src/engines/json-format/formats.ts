import type { Token } from "../../core/engine.ts";
import { complaint, EngineError, OptionError } from "../../core/errors.ts";
import type { FormatPart, Formats, FormattedText, JsonSchema, OutputFormat } from "../../core/output-format.ts";
import { compileSchema } from "./compile-schema.ts";
import { type GrammarNode, GrammarState } from "./grammar.ts";
import { compileParts, type Spell, specialCodes, spelling } from "./parts.ts";

/** What an engine's vocabulary says of a token. */
export interface TokenTable {
  readonly size: number;
  /** What the token says, as bytes (one character each); `undefined` for special tokens and what cannot be known. */
  bytesOf(token: Token): string | undefined;
  isEnd(token: Token): boolean;
  /** What templates call a special token; `undefined` for all others. Without it, formats write none. */
  specialOf?(token: Token): string | undefined;
}

/** The formats of one engine: each schema is compiled once, and the vocabulary is put in order when the first one is used. */
export class JsonFormats implements Formats {
  readonly #readTable: () => TokenTable;
  #index: TokenIndex | undefined;
  readonly #grammars = new WeakMap<JsonSchema | readonly FormatPart[], GrammarNode>();

  constructor(readTable: () => TokenTable) {
    this.#readTable = readTable;
  }

  /** @throws {EngineError} `format-unsupported` */
  check(format: OutputFormat): void {
    this.#grammarOf(format);
  }

  begin({ format, formatStart, prefix }: Parameters<Formats["begin"]>[0]): FormattedText {
    let text: FormattedText | undefined = new JsonText(this.#vocabulary, GrammarState.nothing(this.#grammarOf(format)));
    for (const token of prefix.slice(formatStart ?? prefix.length)) text = text?.after(token);
    if (text === undefined)
      throw new OptionError("formatStart", complaint("formatStart", "where a text of the format begins", formatStart), formatStart);
    return text;
  }

  #grammarOf(format: OutputFormat): GrammarNode {
    const what = contentOf(format);
    let grammar = this.#grammars.get(what);
    if (grammar !== undefined) return grammar;
    if (!this.#vocabulary.canSpell) {
      const expected = "a vocabulary with a token for each letter and sign of ASCII, as formats need";
      throw new EngineError("format-unsupported", `Expected ${expected}, got one that lacks some (choose another model)`);
    }
    grammar = format.type === "json" ? compileSchema(format.schema) : compileParts(format.parts, this.#vocabulary.spell);
    this.#grammars.set(what, grammar);
    return grammar;
  }

  get #vocabulary(): TokenIndex {
    this.#index ??= new TokenIndex(this.#readTable());
    return this.#index;
  }
}

/** What a format is compiled of, and kept by. */
function contentOf(format: OutputFormat): JsonSchema | readonly FormatPart[] {
  const { type } = format;
  switch (type) {
    case "json":
      return format.schema;
    case "parts":
      return format.parts;
    default:
      throw new EngineError("format-unsupported", `Expected a format of type \`json\` or \`parts\`, got \`${String(type)}\``);
  }
}

/** A text under a format, as far as it is written, in tokens. Immutable: batches, rewinds and resumed continuations agree about it. */
class JsonText implements FormattedText {
  readonly #index: TokenIndex;
  readonly #state: GrammarState;

  constructor(index: TokenIndex, state: GrammarState) {
    this.#index = index;
    this.#state = state;
  }

  after(token: Token): JsonText | undefined {
    const bytes = this.#index.bytesOf(token);
    if (bytes === undefined) return undefined;
    let state: GrammarState | undefined = this.#state;
    for (let index = 0; index < bytes.length && state !== undefined; index++) state = state.after(bytes.charCodeAt(index));
    return state === undefined ? undefined : new JsonText(this.#index, state);
  }

  allows(token: Token): boolean {
    return this.#index.ends.includes(token) ? this.#state.isComplete : this.after(token) !== undefined;
  }

  allowed(limit: number): readonly Token[] | undefined {
    const tokens = [...(this.#state.isComplete ? this.#index.ends : []), ...this.#index.allowedBehind(this.#state, limit + 1)];
    return tokens.length > limit ? undefined : tokens;
  }
}

/** Tokens that begin alike stand next to each other: between `from` and `to` all begin with the same `depth` bytes. */
interface Stretch {
  readonly depth: number;
  readonly from: number;
  readonly to: number;
}

/** A vocabulary in alphabetical order, in which the tokens that a format allows are found without trying all of them. */
class TokenIndex {
  /** End tokens. */
  readonly ends: readonly Token[];
  /** Whether every character of ASCII that is no control character is a token: then every place in a JSON text has a token that goes on. */
  readonly canSpell: boolean;
  /** How texts are written with its tokens. */
  readonly spell: Spell;
  readonly #bytes: readonly (string | undefined)[];
  readonly #sorted: readonly { readonly token: Token; readonly bytes: string }[];

  constructor(table: TokenTable) {
    const tokens = Array.from({ length: table.size }, (_, token) => token);
    this.ends = tokens.filter((token) => table.isEnd(token));
    const specials = tokens.map((token) => (table.isEnd(token) ? undefined : table.specialOf?.(token)));
    this.spell = spelling(specials.filter((name) => name !== undefined));
    this.#bytes = tokens.map((token) => {
      const special = specials[token];
      if (special !== undefined) return specialCodes(special);
      return table.isEnd(token) ? undefined : table.bytesOf(token) || undefined;
    });
    this.#sorted = this.#bytes
      .flatMap((bytes, token) => (bytes === undefined ? [] : { token, bytes }))
      .sort((left, right) => (left.bytes < right.bytes ? -1 : left.bytes > right.bytes ? 1 : left.token - right.token));
    const said = new Set(this.#bytes);
    this.canSpell = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).every((sign) => said.has(sign));
  }

  /** `undefined` for a token that says nothing: a text could go on with it for ever. */
  bytesOf(token: Token): string | undefined {
    return this.#bytes[token];
  }

  /** All tokens that may follow, end tokens aside; no more than `limit` of them are looked for. */
  allowedBehind(state: GrammarState, limit: number): Token[] {
    const found: Token[] = [];
    this.#gather(state, { depth: 0, from: 0, to: this.#sorted.length }, { found, limit });
    return found;
  }

  /** @param state behind the bytes that the tokens of the stretch share */
  #gather(state: GrammarState, { depth, from, to }: Stretch, into: { readonly found: Token[]; readonly limit: number }): void {
    let next = from;
    for (; next < to && this.#at(next).bytes.length === depth; next++) into.found.push(this.#at(next).token);
    while (next < to && into.found.length < into.limit) {
      const byte = this.#at(next).bytes.charCodeAt(depth);
      const end = this.#endOf(byte, { depth, from: next, to });
      const after = state.after(byte);
      if (after !== undefined) this.#gather(after, { depth: depth + 1, from: next, to: end }, into);
      next = end;
    }
  }

  /** Where tokens with another byte begin. */
  #endOf(byte: number, { depth, from, to }: Stretch): number {
    let [low, high] = [from, to];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#at(middle).bytes.charCodeAt(depth) <= byte) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #at(index: number): { readonly token: Token; readonly bytes: string } {
    return this.#sorted[index] as { token: Token; bytes: string };
  }
}
