/** Texts of several parts as a grammar: calls of tools, which hold JSON and are none as a whole. */
import escapeStringRegexp from "escape-string-regexp";
import type { FormatPart, JsonSchema } from "../../core/output-format.ts";
import { compileSchema } from "./compile-schema.ts";
import { bytesOf, choice, codes, type GrammarNode, keepEndable, repeat, sequence } from "./grammar.ts";
import { refusal } from "./json-schema.ts";
import { rawText, unquotedJson } from "./unquoted.ts";

/** How a vocabulary writes a text that is given: byte by byte, and special tokens as no bytes can. */
export type Spell = (text: string) => string;

/** Around the name of a special token: no bytes, so that no text of JSON allows it. */
const [BEGIN, END] = ["\u0100", "\u0101"];

/** A special token among bytes. */
export function specialCodes(name: string): string {
  return BEGIN + bytesOf(name) + END;
}

/** Spells texts for a vocabulary with special tokens of these names. */
export function spelling(specials: readonly string[]): Spell {
  const longestFirst = specials.filter((name) => name !== "").toSorted((left, right) => right.length - left.length);
  if (longestFirst.length === 0) return bytesOf;
  const any = new RegExp(`(${longestFirst.map(escapeStringRegexp).join("|")})`, "u");
  return (text) =>
    text
      .split(any)
      .map((part, index) => (index % 2 === 1 ? specialCodes(part) : bytesOf(part)))
      .join("");
}

/** @throws {EngineError} `format-unsupported`, for parts that no text is of */
export function compileParts(parts: readonly FormatPart[], spell: Spell): GrammarNode {
  const whole = new Compiler(spell).all(parts);
  if (!keepEndable(whole)) throw refusal("parts that no text is of", "the format", "give each part a text that it can be");
  return whole;
}

class Compiler {
  readonly #spell: Spell;
  /** Parts may stand in several places: their grammar then is one. */
  readonly #known = new Map<readonly FormatPart[], GrammarNode>();

  constructor(spell: Spell) {
    this.#spell = spell;
  }

  all(parts: readonly FormatPart[]): GrammarNode {
    const node = this.#known.get(parts) ?? sequence(...parts.map((part) => this.#one(part)));
    this.#known.set(parts, node);
    return node;
  }

  #one(part: FormatPart): GrammarNode {
    if (typeof part === "string") return codes(this.#spell(part));
    if ("raw" in part) return rawText(compileSchema(part.raw), bytesOf(part.before));
    if ("json" in part) return part.quote === undefined ? compileSchema(part.json) : this.#unquoted(part.json, part.quote);
    if ("anyOf" in part) return choice(...part.anyOf.map((parts) => this.all(parts)));
    return repeat(this.all(part.repeated), part.least, part.most);
  }
  #unquoted(schema: JsonSchema, quote: string): GrammarNode {
    return unquotedJson(compileSchema(schema), { mark: this.#spell(quote), written: bytesOf(quote) });
  }
}
