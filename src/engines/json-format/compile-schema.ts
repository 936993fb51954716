import type { JsonSchema } from "../../core/engine.ts";
import { type ChoiceNode, choice, type GrammarNode, keepEndable, repeat, sequence, text } from "./grammar.ts";
import {
  areDisjoint,
  countOf,
  firstGiven,
  isJsonType,
  isResource,
  isSchemaObject,
  JSON_TYPES,
  type JsonType,
  limits,
  listOfSchemas,
  pointer,
  recordOfSchemas,
  refusal,
  refuseBeside,
  refuseUnknowable,
  resolvePointer,
  type Subschema,
  typesOf,
} from "./json-schema.ts";
import { anyNumber, numberText } from "./numbers.ts";
import { anyString, otherName, stringText } from "./strings.ts";

/** Deeper lines are written without indentation. Without a bound, a model can go on with blanks for ever. */
const DEEPEST_INDENTATION = 24;

/** Between the signs of an object or a list: nothing, one space, or a new line and its indentation. */
const BLANK: GrammarNode = choice(
  sequence(),
  text(" "),
  sequence(text("\n"), repeat(choice(text(" "), text("\t")), 0, DEEPEST_INDENTATION)),
);

const COLON: GrammarNode = choice(text(":"), text(": "));

/** How often something is written. */
interface Count {
  readonly least: number;
  readonly most: number;
}

const ANY_COUNT: Count = { least: 0, most: Number.POSITIVE_INFINITY };

/**
 * The texts of a schema, as a grammar: each of them parses as JSON and is valid, though not every valid text is among them.
 *
 * @throws {EngineError} `format-unsupported`, for a schema that cannot be a grammar, with its place and what to do
 */
export function compileSchema(schema: JsonSchema): GrammarNode {
  // Some vocabularies put a space in front of the first word.
  const whole = sequence(choice(sequence(), text(" ")), new Compiler(schema).compile(schema, "#"));
  if (!keepEndable(whole)) throw refusal("a schema that no finite value is of", "#", "give each recursion a way to end");
  return whole;
}

class Compiler {
  readonly #root: JsonSchema;
  readonly #references = new Map<string, ChoiceNode>();
  readonly #anyValue = anyValue();
  /** Where parts stand that have a `$id` of their own. */
  readonly #resources: string[] = [];

  constructor(root: JsonSchema) {
    this.#root = root;
  }

  compile(schema: unknown, at: string): GrammarNode {
    if (schema === true) return this.#anyValue;
    if (schema === false) return choice();
    if (!isSchemaObject(schema)) throw refusal(`\`${String(schema)}\` for a schema`, at, "give an object of keywords");
    const place = { schema, at };
    if (at !== "#" && isResource(schema)) this.#resources.push(at);
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
  }

  #reference(place: Subschema): GrammarNode {
    refuseBeside(place, "$ref");
    if (this.#resources.some((at) => `${place.at}/`.startsWith(`${at}/`)))
      throw refusal("`$ref` below a `$id` that is not the root's", place.at, "leave that `$id` out");
    const name = String(place.schema["$ref"]);
    const known = this.#references.get(name);
    if (known !== undefined) return known;
    const target = resolvePointer(this.#root, name);
    if (target === undefined) throw refusal(`a \`$ref\` to \`${name}\``, place.at, "put what it means under $defs");
    const reference: ChoiceNode = { kind: "choice", items: [] };
    this.#references.set(name, reference);
    reference.items = [this.compile(target, name)];
    return reference;
  }

  #onlyOne(place: Subschema): GrammarNode {
    refuseBeside(place, "allOf");
    const parts = listOfSchemas(place, "allOf");
    if (parts.length !== 1) throw refusal("`allOf`", place.at, "merge its parts into one schema");
    return this.compile(parts[0], pointer(place.at, "allOf", 0));
  }

  #alternatives(place: Subschema, keyword: "anyOf" | "oneOf"): GrammarNode {
    const { schema, at } = place;
    refuseBeside(place, keyword, ["type"]);
    const options = listOfSchemas(place, keyword).map((option) => withType(option, schema["type"]));
    if (options.includes(undefined)) throw refusal(`\`type\` beside \`${keyword}\``, at, "put it into each of the schemas");
    const resolve = (name: string) => resolvePointer(this.#root, name);
    const mayOverlap = (option: unknown, index: number) =>
      options.slice(0, index).some((earlier) => !areDisjoint(earlier, option, resolve));
    if (keyword === "oneOf" && options.some(mayOverlap)) throw refusal("`oneOf` whose schemas may overlap", at, "use anyOf");
    return choice(...options.map((option, index) => this.compile(option, pointer(at, keyword, index))));
  }

  #typed(place: Subschema): GrammarNode {
    const types = typesAsked(place);
    if (types.length === JSON_TYPES.length) return this.#anyValue;
    return choice(...types.map((type) => this.#ofType(type, place)));
  }

  #ofType(type: JsonType, place: Subschema): GrammarNode {
    refuseUnknowable(place, type);
    switch (type) {
      case "object":
        return this.#object(place);
      case "array":
        return this.#array(place);
      case "string":
        return stringText(place);
      case "number":
      case "integer":
        return numberText(place, type);
      case "boolean":
        return choice(text("true"), text("false"));
      case "null":
        return text("null");
      default:
        return type satisfies never;
    }
  }

  /** An object whose declared names stand in the order of the schema; others only where the schema asks for them, behind these. */
  #object(place: Subschema): GrammarNode {
    const { schema, at } = place;
    const properties = recordOfSchemas(place, "properties");
    const required = new Set(listOfSchemas(place, "required").map(String));
    const undeclared = [...required].filter((name) => !Object.hasOwn(properties, name));
    const keyword = firstGiven(place, "additionalProperties", "unevaluatedProperties");
    const others = schema[keyword];
    if (undeclared.length > 0 && others === false)
      throw refusal(`\`required\` with \`${undeclared[0]}\`, which is not declared`, at, "declare it under properties");
    // Any names are valid where nothing is said of them, but nothing asked for them, either: except where nothing was declared at all.
    const extra = others ?? schema["properties"] === undefined;
    const names = [...Object.keys(properties), ...undeclared];
    refuseCounts(place, { names, required, hasExtra: extra !== false });
    const members = names.map((name) => {
      const value = Object.hasOwn(properties, name)
        ? this.compile(properties[name], pointer(at, "properties", name))
        : this.compile(others ?? true, pointer(at, "required"));
      return { node: member(valueText(name), value), isRequired: required.has(name) };
    });
    const extraName = nameBeside(place, names);
    const extraMember = extra === false ? choice() : member(extraName, this.compile(extra, pointer(at, keyword)));
    return enclosed("{}", membersText(members, extraMember));
  }

  /** A list. Items that have a schema of their own are all written, others as many as the schema allows. */
  #array(place: Subschema): GrammarNode {
    const { schema, at } = place;
    const least = countOf(place, "minItems", 0);
    const most = countOf(place, "maxItems", Number.POSITIVE_INFINITY);
    if (least > most) throw refusal("`minItems` above `maxItems`", at, "swap them");
    // Older drafts list the first items under `items`.
    const [listed, other] = Array.isArray(schema["items"]) ? (["items", "additionalItems"] as const) : (["prefixItems", "items"] as const);
    const others = firstGiven(place, other, "unevaluatedItems");
    const first = listOfSchemas(place, listed).slice(0, most);
    const rest = schema[others] ?? (first.length === 0 || least > first.length);
    const item = this.compile(rest, pointer(at, others));
    const [head, ...tail] = first.map((one, index) => this.compile(one, pointer(at, listed, index)));
    if (head === undefined) return enclosed("[]", listOf(item, { least, most }));
    const more = repeat(further(item), Math.max(0, least - first.length), most - first.length);
    return enclosed("[]", sequence(head, ...tail.map(further), more, BLANK));
  }
}

/** The types that are named; where none is, those that the keywords are about; where there are none, all. */
function typesAsked(place: Subschema): readonly JsonType[] {
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

function listed(place: Subschema, keyword: "const" | "enum"): GrammarNode {
  const { schema, at } = place;
  refuseBeside(place, keyword, ["type"]);
  const values: readonly unknown[] = keyword === "const" ? [schema[keyword]] : listOfSchemas(place, keyword);
  const types = schema["type"] === undefined ? JSON_TYPES : typesAsked(place);
  const meant = values.filter((value) => typesOf(value).some((type) => types.includes(type)));
  if (meant.length === 0) throw refusal(`\`${keyword}\` without any value of its type`, at, "give values of that type");
  return choice(...meant.map(valueText));
}

/** The same name may be written twice where names are free: members are not counted while writing. */
function refuseCounts(
  place: Subschema,
  { names, required, hasExtra }: { names: readonly string[]; required: ReadonlySet<string>; hasExtra: boolean },
): void {
  if (countOf(place, "minProperties", 0) > required.size)
    throw refusal("`minProperties` above the number of required names", place.at, "list these names under required");
  const most = countOf(place, "maxProperties", Number.POSITIVE_INFINITY);
  if (most < names.length || (hasExtra && most < Number.POSITIVE_INFINITY))
    throw refusal("`maxProperties` below the number of names", place.at, "declare fewer, and set additionalProperties to false");
}

/** What undeclared members may be called. */
function nameBeside(place: Subschema, declared: readonly string[]): GrammarNode {
  const rule = place.schema["propertyNames"] ?? true;
  const at = pointer(place.at, "propertyNames");
  if (rule !== true && !isSchemaObject(rule)) throw refusal("`propertyNames` that is no schema", place.at, "give a schema of strings");
  const schema = rule === true ? {} : rule;
  const other = limits({ schema, at }).find((keyword) => !["type", "minLength", "maxLength", "enum", "const"].includes(keyword));
  if (other !== undefined || (schema["type"] ?? "string") !== "string")
    throw refusal(`\`${other ?? "type"}\``, at, "use enum, minLength or maxLength for names");
  const listed = schema["enum"] ?? (schema["const"] === undefined ? undefined : [schema["const"]]);
  if (!Array.isArray(listed)) return otherName({ schema, at }, declared);
  const stray = declared.find((name) => !listed.includes(name));
  if (stray !== undefined) throw refusal(`\`${stray}\`, which is declared, missing`, at, "list it");
  return choice(...listed.filter((name) => typeof name === "string" && !declared.includes(name)).map(valueText));
}

/** From the last member to the first: what may follow behind one that was written, and what where none was yet. */
function membersText(members: readonly { readonly node: GrammarNode; readonly isRequired: boolean }[], extra: GrammarNode): GrammarNode {
  const more = repeat(further(extra), 0, Number.POSITIVE_INFINITY);
  let later: GrammarNode = sequence(more, BLANK);
  let first: GrammarNode = choice(sequence(), sequence(extra, more, BLANK));
  for (const { node, isRequired } of members.toReversed()) {
    const asFirst = sequence(node, later);
    const asLater = sequence(further(node), later);
    first = isRequired ? asFirst : choice(asFirst, first);
    later = isRequired ? asLater : choice(asLater, later);
  }
  return first;
}

/** Any value at all. */
function anyValue(): GrammarNode {
  const any: ChoiceNode = { kind: "choice", items: [] };
  any.items = [
    enclosed("{}", listOf(member(anyString(), any), ANY_COUNT)),
    enclosed("[]", listOf(any, ANY_COUNT)),
    anyString(),
    anyNumber(),
    ...["true", "false", "null"].map(text),
  ];
  return any;
}

/** One value as JSON writes it. */
function valueText(value: unknown): GrammarNode {
  return text(JSON.stringify(value));
}

/** A name of an object, as text, and its value. */
function member(name: GrammarNode, value: GrammarNode): GrammarNode {
  return sequence(name, COLON, value);
}

/** What stands between braces or brackets: first and further items, each already with its comma. */
function enclosed(signs: "{}" | "[]", content: GrammarNode): GrammarNode {
  return sequence(text(signs.charAt(0)), BLANK, content, text(signs.charAt(1)));
}

/** Behind an item: the next one, its comma in front. */
function further(item: GrammarNode): GrammarNode {
  return sequence(text(","), BLANK, item);
}

/** So many items with commas between them, and a blank behind the last one. */
function listOf(item: GrammarNode, { least, most }: Count): GrammarNode {
  if (most <= 0) return sequence();
  const some = sequence(item, repeat(further(item), Math.max(0, least - 1), most - 1), BLANK);
  return least > 0 ? some : choice(sequence(), some);
}
