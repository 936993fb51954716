/** Patterns of JSON Schema (ECMA-262, with the flag `u`) as expressions that are read without ever going back. */
import { type AST, RegExpParser } from "@eslint-community/regexpp";
import { CodePoints, type Range } from "./code-points.ts";
import type { Expression, Expressions } from "./expressions.ts";
import { refusal } from "./json-schema.ts";

/** A pattern with more places than these, each repetition counted, is refused: so much is looked at for each character at most. */
const MOST_PLACES = 5_000;

/** What stands in a repeated group with an assertion is written out so often. */
const MOST_COPIES = 16;

const DIGITS: readonly Range[] = [[0x30, 0x39]];
const WORD: readonly Range[] = [...DIGITS, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]];
const SPACES: readonly Range[] = [
  ...([
    [0x09, 0x0d],
    [0x20, 0x20],
    [0xa0, 0xa0],
    [0x1680, 0x1680],
    [0x2000, 0x200a],
  ] as const),
  ...([
    [0x2028, 0x2029],
    [0x202f, 0x202f],
    [0x205f, 0x205f],
    [0x3000, 0x3000],
    [0xfeff, 0xfeff],
  ] as const),
];
const LINE_ENDS: readonly Range[] = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
];
const ESCAPES = { digit: CodePoints.of(DIGITS), word: CodePoints.of(WORD), space: CodePoints.of(SPACES) } as const;

/** Escapes of signs that need none: the flag `u` forbids them, and people write them. */
const NEEDLESS_ESCAPE = /\\([^\p{L}\p{N}\\^$.*+?()[\]{}|/-]|-)/gu;

/** All characters of Unicode are tried for each of them: once a process. */
const properties = new Map<string, CodePoints>();

/** What may follow behind a place of a pattern, depending on whether that place is the very start of the text. */
type Rest = (isStart: boolean) => Expression;

/**
 * The texts in which a pattern is found, anywhere unless it says where.
 *
 * @throws {EngineError} `format-unsupported`, for what is no pattern, and what cannot be read in one go, by name
 */
export function patternTexts(expressions: Expressions, pattern: string, at: string): Expression {
  const parsed = parse(pattern, at);
  if (placesIn(parsed) > MOST_PLACES)
    throw refusal("a `pattern` that counts too far", at, `let it count up to ${MOST_PLACES} places in all`);
  return new PatternReader(expressions, at).found(parsed);
}

function parse(pattern: string, at: string): AST.Pattern {
  const escaped = pattern.replace(/\\./gsu, (sequence) => sequence.replace(NEEDLESS_ESCAPE, (_, sign: string) => `\\u{${hex(sign)}}`));
  try {
    return new RegExpParser().parsePattern(escaped, 0, escaped.length, { unicode: true });
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^.*\/u?: /s, "") : String(error);
    throw refusal(`a \`pattern\` that is no regular expression`, at, why.replaceAll(/\s+/g, " "));
  }
}

function hex(sign: string): string {
  return (sign.codePointAt(0) as number).toString(16);
}

class PatternReader {
  readonly #make: Expressions;
  readonly #at: string;

  constructor(expressions: Expressions, at: string) {
    this.#make = expressions;
    this.#at = at;
  }

  found({ alternatives }: AST.Pattern): Expression {
    const make = this.#make;
    const behind: Rest = () => make.everything;
    const later = this.#either(alternatives, behind, false);
    const first = this.#either(alternatives, behind, true);
    if (first === later) return make.behind(make.everything, later);
    return make.either(first, make.behind(make.one(CodePoints.all), make.behind(make.everything, later)));
  }

  #either(alternatives: readonly AST.Alternative[], rest: Rest, isStart: boolean): Expression {
    return this.#make.either(...alternatives.map(({ elements }) => this.#row(elements, rest, isStart)));
  }

  #row(elements: readonly AST.Element[], rest: Rest, isStart: boolean): Expression {
    const all = elements.reduceRight<Rest>((then, element) => remembered((start) => this.#element(element, then, start)), rest);
    return all(isStart);
  }

  #element(element: AST.Element, rest: Rest, isStart: boolean): Expression {
    const make = this.#make;
    if (!hasAssertion(element)) {
      const part = this.#plain(element);
      if (!isStart || !part.isNullable) return make.behind(part, rest(false));
      const [still, gone] = [rest(true), rest(false)];
      return still === gone ? make.behind(part, gone) : make.either(still, make.behind(part, gone));
    }
    switch (element.type) {
      case "Assertion":
        return this.#assertion(element, rest, isStart);
      case "Group":
      case "CapturingGroup":
        return this.#either(element.alternatives, rest, isStart);
      case "Quantifier":
        return this.#repeated(element, rest, isStart);
      default:
        throw this.#refused(element.type);
    }
  }

  #assertion(assertion: AST.Assertion, rest: Rest, isStart: boolean): Expression {
    const make = this.#make;
    switch (assertion.kind) {
      case "start":
        return isStart ? rest(true) : make.none;
      case "end":
        return rest(isStart).isNullable ? make.empty : make.none;
      case "lookahead": {
        if (assertion.negate && assertion.raw.includes("^") && startsIn(assertion)) throw this.#refused("`^` in a negative look-ahead");
        const ahead = this.#either(assertion.alternatives, () => make.everything, isStart);
        return make.both(assertion.negate ? make.not(ahead) : ahead, rest(isStart));
      }
      case "lookbehind":
        throw this.#refused("a look-behind");
      case "word":
        throw this.#refused("a word boundary");
      default:
        return assertion satisfies never;
    }
  }

  /** An assertion may look beyond its group: so each repetition is written out, with all that stands behind it. */
  #repeated({ element, min, max }: AST.Quantifier, rest: Rest, isStart: boolean): Expression {
    if (max > MOST_COPIES) throw this.#refused("an assertion in a group that is repeated");
    const once = (then: Rest): Rest => remembered((start) => this.#element(element, then, start));
    let then = rest;
    for (let copy = max; copy > 0; copy--) {
      const [item, isOptional] = [once(then), copy > min];
      const tail = isOptional ? remembered((start: boolean) => this.#make.either(item(start), rest(start))) : item;
      then = tail;
    }
    return then(isStart);
  }

  /** Without assertions inside, what stands behind does not matter. */
  #plain(element: AST.Element): Expression {
    const make = this.#make;
    switch (element.type) {
      case "Character":
      case "CharacterSet":
      case "CharacterClass":
        return make.one(this.#characters(element));
      case "Group":
        if (element.modifiers !== null) throw this.#refused("flags in a group");
        return make.either(...element.alternatives.map((one) => this.#plainRow(one.elements)));
      case "CapturingGroup":
        return make.either(...element.alternatives.map((one) => this.#plainRow(one.elements)));
      case "Quantifier":
        return make.repeat(this.#plain(element.element), element.min, element.max);
      case "Backreference":
        throw this.#refused("a back-reference");
      default:
        throw this.#refused(element.type);
    }
  }

  #plainRow(elements: readonly AST.Element[]): Expression {
    return elements.reduceRight<Expression>((then, element) => this.#make.behind(this.#plain(element), then), this.#make.empty);
  }

  #characters(element: AST.Character | AST.CharacterSet | AST.CharacterClass | AST.CharacterClassElement): CodePoints {
    switch (element.type) {
      case "Character":
        return CodePoints.of([[element.value, element.value]]);
      case "CharacterClassRange":
        return CodePoints.of([[element.min.value, element.max.value]]);
      case "CharacterSet":
        return charactersOf(element);
      case "CharacterClass": {
        const all = CodePoints.of(element.elements.flatMap((one) => this.#characters(one).ranges));
        return element.negate ? CodePoints.all.minus(all) : all;
      }
      default:
        throw this.#refused(element.type);
    }
  }

  #refused(what: string): Error {
    return refusal(`a \`pattern\` with ${what}`, this.#at, "say the same without, or check it afterwards");
  }
}

function charactersOf(set: AST.CharacterSet): CodePoints {
  switch (set.kind) {
    case "any":
      return CodePoints.all.minus(CodePoints.of(LINE_ENDS));
    case "property": {
      const known = properties.get(set.raw) ?? CodePoints.matching(new RegExp(`^${set.raw}$`, "u"));
      properties.set(set.raw, known);
      return known;
    }
    default:
      return set.negate ? CodePoints.all.minus(ESCAPES[set.kind]) : ESCAPES[set.kind];
  }
}

/** What stands in an element, itself among it. */
function* partsOf(element: AST.Pattern | AST.Element): Generator<AST.Pattern | AST.Element> {
  yield element;
  if (element.type === "Quantifier") yield* partsOf(element.element);
  else if ("alternatives" in element) for (const { elements } of element.alternatives) for (const one of elements) yield* partsOf(one);
}

function hasAssertion(element: AST.Element): boolean {
  return [...partsOf(element)].some(({ type }) => type === "Assertion");
}

function startsIn(element: AST.Element): boolean {
  return [...partsOf(element)].some((one) => one.type === "Assertion" && one.kind === "start");
}

/** Places of a pattern with every repetition written out. */
function placesIn(element: AST.Pattern | AST.Element): number {
  if (element.type === "Quantifier")
    return placesIn(element.element) * Math.max(1, Number.isFinite(element.max) ? element.max : element.min);
  if (!("alternatives" in element)) return 1;
  return element.alternatives.flatMap(({ elements }) => elements).reduce((sum, one) => sum + placesIn(one), 1);
}

/** Each of the two answers is found once. */
function remembered(rest: Rest): Rest {
  const known = new Map<boolean, Expression>();
  return (isStart) => {
    const answer = known.get(isStart) ?? rest(isStart);
    known.set(isStart, answer);
    return answer;
  };
}
