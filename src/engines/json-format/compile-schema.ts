import type { JsonSchema } from "../../core/engine.ts";
import { areDisjoint } from "./disjoint.ts";
import { choice, type GrammarNode, piece, type ReferenceNode, repeat, sequence, text } from "./grammar.ts";
import { isJsonType, isSchemaObject, JSON_TYPES, type JsonType, typesOf } from "./json-schema.ts";
import { anyValue, BLANK, enclosed, further, listOf, valueText } from "./json-text.ts";
import { countOf, limits, listOfSchemas, pointer, refuseBeside, refuseUnknowable, type SchemaPlace } from "./keywords.ts";
import { hasNumbers, type NumberRule, NumberText, scaled } from "./number-text.ts";
import { type Compile, objectText } from "./object-text.ts";
import { refusal } from "./refusal.ts";
import { StringText } from "./string-text.ts";

/**
 * The texts of a schema, as a grammar: each of them parses as JSON and is valid, though not every valid text is among them.
 *
 * @throws {EngineError} `format-unsupported`, for a schema that cannot be a grammar, with its place and what to do
 */
export function compileSchema(schema: JsonSchema): GrammarNode {
  const root = new Compiler(schema).compile(schema, "#");
  // Some vocabularies put a space in front of the first word.
  const whole = sequence(choice(sequence(), text(" ")), root);
  if (!keepEndable(whole)) throw refusal("a schema that no finite value is of", "#", "give each recursion a way to end");
  return whole;
}

class Compiler {
  readonly #root: JsonSchema;
  readonly #references = new Map<string, ReferenceNode>();
  #any: GrammarNode | undefined;

  constructor(root: JsonSchema) {
    this.#root = root;
  }

  readonly compile = (schema: unknown, at: string): GrammarNode => {
    if (schema === true) return this.#anyValue();
    if (schema === false) return choice();
    if (!isSchemaObject(schema)) throw refusal(`\`${String(schema)}\` for a schema`, at, "give an object of keywords");
    const place = { schema, at };
    refuseUnknowable(place, "any");
    const [whole] = (["$ref", "allOf", "const", "enum", "anyOf", "oneOf"] as const).filter((keyword) => schema[keyword] !== undefined);
    switch (whole) {
      case "$ref":
        return this.#reference(place);
      case "allOf":
        return this.#onlyOne(place);
      case "const":
      case "enum":
        return listed(place, whole);
      case "anyOf":
      case "oneOf":
        return this.#alternatives(place, whole);
      case undefined:
        return this.#typed(place);
      default:
        return whole satisfies never;
    }
  };

  #anyValue(): GrammarNode {
    this.#any ??= anyValue();
    return this.#any;
  }

  #reference(place: SchemaPlace): GrammarNode {
    refuseBeside(place, "$ref");
    const name = String(place.schema["$ref"]);
    const known = this.#references.get(name);
    if (known !== undefined) return known;
    const reference: ReferenceNode = { kind: "reference", target: undefined };
    this.#references.set(name, reference);
    const target = this.#resolve(name);
    if (target === undefined) throw refusal(`a \`$ref\` to \`${name}\``, place.at, "put what it means under $defs");
    reference.target = this.compile(target, name);
    return reference;
  }

  /** What a pointer such as `#/$defs/item` points to. */
  #resolve(name: string): unknown {
    const [start, ...steps] = name.split("/").map(stepOf);
    const inside = (part: unknown, step: string | undefined) =>
      step !== undefined && part instanceof Object && Object.hasOwn(part, step) ? Reflect.get(part, step) : undefined;
    return start === "#" ? steps.reduce<unknown>(inside, this.#root) : undefined;
  }

  #onlyOne(place: SchemaPlace): GrammarNode {
    refuseBeside(place, "allOf");
    const parts = listOfSchemas(place, "allOf");
    if (parts.length !== 1) throw refusal("`allOf`", place.at, "merge its parts into one schema");
    return this.compile(parts[0], pointer(place.at, "allOf", 0));
  }

  #alternatives(place: SchemaPlace, keyword: "anyOf" | "oneOf"): GrammarNode {
    const { schema, at } = place;
    refuseBeside(place, keyword, ["type"]);
    const options = listOfSchemas(place, keyword).map((option) => withType(option, schema["type"]));
    if (options.includes(undefined)) throw refusal(`\`type\` beside \`${keyword}\``, at, "put it into each of the schemas");
    const resolve = (name: string) => this.#resolve(name);
    const overlap = (option: unknown, index: number) =>
      options.slice(0, index).some((earlier) => !areDisjoint(earlier, option, { resolve }));
    if (keyword === "oneOf" && options.some(overlap)) throw refusal("`oneOf` whose schemas may overlap", at, "use anyOf");
    return choice(...options.map((option, index) => this.compile(option, pointer(at, keyword, index))));
  }

  #typed(place: SchemaPlace): GrammarNode {
    const types = typesAsked(place);
    if (types.length === JSON_TYPES.length) return this.#anyValue();
    return choice(...types.map((type) => this.#ofType(type, place)));
  }

  #ofType(type: JsonType, place: SchemaPlace): GrammarNode {
    refuseUnknowable(place, type);
    switch (type) {
      case "object":
        return objectText(place, this.compile);
      case "array":
        return arrayText(place, this.compile);
      case "string":
        return stringText(place);
      case "number":
      case "integer":
        return piece(new NumberText(numberRule(place, type)));
      case "boolean":
        return choice(text("true"), text("false"));
      case "null":
        return text("null");
      default:
        return type satisfies never;
    }
  }
}

/** One step of a JSON pointer in a URI; `undefined` where it is none. */
function stepOf(written: string): string | undefined {
  try {
    return decodeURIComponent(written).replaceAll("~1", "/").replaceAll("~0", "~");
  } catch {
    return undefined;
  }
}

/** The types that are named; where none is, those that the keywords are about; where there are none, all. */
function typesAsked(place: SchemaPlace): readonly JsonType[] {
  const { schema, at } = place;
  if (schema["type"] === undefined) {
    const meant = JSON_TYPES.filter((type) => type !== "integer" && limits(place, [type]).length > 0);
    return meant.length === 0 ? JSON_TYPES : meant;
  }
  const types = [schema["type"]].flat();
  if (types.length > 0 && types.every(isJsonType)) return types.filter((type) => type !== "integer" || !types.includes("number"));
  throw refusal(`\`type\` \`${types.join(", ")}\``, at, `use ${JSON_TYPES.join(", ")}`);
}

/** Adds the type that stands beside the alternatives to one of them; `undefined` where it has another. */
function withType(option: unknown, type: unknown): unknown {
  if (type === undefined) return option;
  if (!isSchemaObject(option) || option["$ref"] !== undefined) return undefined;
  return option["type"] === undefined || option["type"] === type ? { ...option, type } : undefined;
}

function listed(place: SchemaPlace, keyword: "const" | "enum"): GrammarNode {
  const { schema, at } = place;
  refuseBeside(place, keyword, ["type"]);
  const values: readonly unknown[] = keyword === "const" ? [schema[keyword]] : listOfSchemas(place, keyword);
  const types = schema["type"] === undefined ? JSON_TYPES : typesAsked(place);
  const meant = values.filter((value) => typesOf(value).some((type) => types.includes(type)));
  if (meant.length === 0) throw refusal(`\`${keyword}\` without any value of its type`, at, "give values of that type");
  return choice(...meant.map(valueText));
}

function stringText(place: SchemaPlace): GrammarNode {
  const least = countOf(place, "minLength", 0);
  const most = countOf(place, "maxLength", Number.POSITIVE_INFINITY);
  if (least > most) throw refusal("`minLength` above `maxLength`", place.at, "swap them");
  return piece(new StringText({ least, most }));
}

/** A list. Items that have a schema of their own are all written, others as many as the schema allows. */
function arrayText(place: SchemaPlace, compile: Compile): GrammarNode {
  const { schema, at } = place;
  const least = countOf(place, "minItems", 0);
  const most = countOf(place, "maxItems", Number.POSITIVE_INFINITY);
  if (least > most) throw refusal("`minItems` above `maxItems`", at, "swap them");
  // Older drafts list the first items under `items`.
  const [listed, others] = Array.isArray(schema["items"]) ? ["items", "additionalItems"] : ["prefixItems", "items"];
  const first = listOfSchemas(place, listed as string).slice(0, most);
  const rest = schema[others as string] ?? (first.length === 0 || least > first.length);
  const item = compile(rest, pointer(at, others as string));
  const [head, ...tail] = first.map((one, index) => compile(one, pointer(at, listed as string, index)));
  if (head === undefined) return enclosed("[]", listOf(item, { least, most }));
  const more = repeat(further(item), Math.max(0, least - first.length), most - first.length);
  return enclosed("[]", sequence(head, ...tail.map(further), more, BLANK));
}

/** The bounds that a schema gives. */
function numberRule(place: SchemaPlace, type: JsonType): NumberRule {
  const { schema, at } = place;
  const lows = [
    bound(place, "minimum", (value) => scaled(value, "up")),
    bound(place, "exclusiveMinimum", (value) => scaled(value, "down") + 1n),
  ];
  const highs = [
    bound(place, "maximum", (value) => scaled(value, "down")),
    bound(place, "exclusiveMaximum", (value) => scaled(value, "up") - 1n),
  ];
  const rule = { isInteger: type === "integer" || schema["multipleOf"] === 1, low: extreme(lows, 1n), high: extreme(highs, -1n) };
  if (!hasNumbers(rule)) throw refusal("bounds with no number between them", at, "widen them; up to 15 digits are written");
  return rule;
}

function bound({ schema, at }: SchemaPlace, keyword: string, read: (value: number) => bigint): bigint | undefined {
  const value = schema[keyword];
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isFinite(value)) return read(value);
  throw refusal(`\`${keyword}\` that is no number`, at, "give a number");
}

/** The greatest of these bounds, or with sign -1 the least. */
function extreme(bounds: readonly (bigint | undefined)[], sign: bigint): bigint | undefined {
  return bounds.reduce((best, one) => (best === undefined || (one !== undefined && one * sign > best * sign) ? one : best));
}

/**
 * Takes out all choices that lead to no end, such as a node of a list that must contain a node: a text that took one could never
 * be completed. Gives `false` if nothing else is left of the whole.
 */
function keepEndable(root: GrammarNode): boolean {
  const nodes = everyNode(root);
  const endable = new Set<GrammarNode>();
  for (let known = -1; known < endable.size; ) {
    known = endable.size;
    for (const node of nodes) if (isEndable(node, endable)) endable.add(node);
  }
  for (const node of nodes) {
    if (node.kind === "choice") node.options = node.options.filter((option) => endable.has(option));
    if (node.kind === "repeat" && !endable.has(node.item)) node.most = 0;
  }
  return endable.has(root);
}

function isEndable(node: GrammarNode, endable: ReadonlySet<GrammarNode>): boolean {
  switch (node.kind) {
    case "piece":
      return true;
    case "sequence":
      return node.items.every((item) => endable.has(item));
    case "choice":
      return node.options.some((option) => endable.has(option));
    case "repeat":
      return node.least === 0 || endable.has(node.item);
    case "reference":
      return node.target !== undefined && endable.has(node.target);
    default:
      return node satisfies never;
  }
}

function everyNode(root: GrammarNode): ReadonlySet<GrammarNode> {
  const found = new Set<GrammarNode>([root]);
  for (const node of found) for (const part of partsOf(node)) found.add(part);
  return found;
}

function partsOf(node: GrammarNode): readonly GrammarNode[] {
  switch (node.kind) {
    case "piece":
      return [];
    case "sequence":
      return node.items;
    case "choice":
      return node.options;
    case "repeat":
      return [node.item];
    case "reference":
      return node.target === undefined ? [] : [node.target];
    default:
      return node satisfies never;
  }
}
