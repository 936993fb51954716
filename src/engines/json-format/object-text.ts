import { bytesOf, choice, type GrammarNode, piece, repeat, sequence } from "./grammar.ts";
import { isSchemaObject } from "./json-schema.ts";
import { ANY_STRING, BLANK, enclosed, further, member, valueText } from "./json-text.ts";
import { countOf, limits, listOfSchemas, pointer, recordOfSchemas, type SchemaPlace } from "./keywords.ts";
import { refusal } from "./refusal.ts";
import { StringText } from "./string-text.ts";

/** Turns a part of the schema into a node. */
export type Compile = (schema: unknown, at: string) => GrammarNode;

/** What may be written in an object. */
interface Shape {
  /** In the order in which they are written. */
  readonly members: readonly { readonly node: GrammarNode; readonly isRequired: boolean }[];
  /** A member that was not declared, where there may be any. */
  readonly extra: GrammarNode | undefined;
}

/** An object whose declared names stand in the order of the schema; others only where the schema asks for them, behind these. */
export function objectText(place: SchemaPlace, compile: Compile): GrammarNode {
  return enclosed("{}", content(shapeOf(place, compile)));
}

function shapeOf(place: SchemaPlace, compile: Compile): Shape {
  const { schema, at } = place;
  const properties = recordOfSchemas(place, "properties");
  const required = listOfSchemas(place, "required").map(String);
  const others = otherProperties(place);
  const missing = required.filter((name) => !Object.hasOwn(properties, name));
  if (missing.length > 0 && schema["additionalProperties"] === false)
    throw refusal(`\`required\` with \`${missing[0]}\`, which is not declared`, at, "declare it under properties");
  const declared = [...Object.keys(properties), ...new Set(missing)];
  refuseCounts(place, { declared, required, hasExtra: others !== undefined });
  const members = declared.map((name) => {
    const part = Object.hasOwn(properties, name)
      ? compile(properties[name], pointer(at, "properties", name))
      : compile(schema["additionalProperties"] ?? true, pointer(at, "required"));
    return { node: member(valueText(name), part), isRequired: required.includes(name) };
  });
  const names = extraNames(place, declared);
  const extra = others === undefined ? undefined : member(names, compile(others, pointer(at, "additionalProperties")));
  return { members, extra };
}

/** Any names are valid where nothing is said of them, but nobody asked for them, either: except where nothing was declared at all. */
function otherProperties({ schema }: SchemaPlace): unknown {
  const others = schema["additionalProperties"] ?? schema["properties"] === undefined;
  return others === false ? undefined : others;
}

/** What undeclared members may be called. */
function extraNames(place: SchemaPlace, declared: readonly string[]): GrammarNode {
  const { schema, at } = place;
  const rule = schema["propertyNames"] ?? true;
  const here = pointer(at, "propertyNames");
  if (rule !== true && !isSchemaObject(rule)) throw refusal("`propertyNames` that is no schema", at, "give a schema of strings");
  const names: SchemaPlace = { schema: rule === true ? {} : rule, at: here };
  const listed = names.schema["enum"] ?? (names.schema["const"] === undefined ? undefined : [names.schema["const"]]);
  const other = limits(names).find((keyword) => !["type", "minLength", "maxLength", "enum", "const"].includes(keyword));
  if (other !== undefined || (names.schema["type"] ?? "string") !== "string")
    throw refusal(`\`${other ?? "type"}\``, here, "use enum, minLength or maxLength for names");
  if (Array.isArray(listed)) {
    const stray = declared.find((name) => !listed.includes(name));
    if (stray !== undefined) throw refusal(`\`${stray}\`, which is declared, missing`, here, "list it");
    return choice(...listed.filter((name) => typeof name === "string" && !declared.includes(name)).map(valueText));
  }
  const least = countOf(names, "minLength", 0);
  const most = countOf(names, "maxLength", Number.POSITIVE_INFINITY);
  const stray = declared.find((name) => [...name].length < least || [...name].length > most);
  if (stray !== undefined) throw refusal(`\`${stray}\`, which is declared, too short or too long`, here, "change its bounds");
  return declared.length === 0 && least === 0 && most === Number.POSITIVE_INFINITY
    ? ANY_STRING
    : piece(new StringText({ least, most, except: new Set(declared.map(bytesOf)) }));
}

/** The same name may be written twice where names are free: members are not counted while writing. */
function refuseCounts(
  place: SchemaPlace,
  { declared, required, hasExtra }: { declared: readonly string[]; required: readonly string[]; hasExtra: boolean },
): void {
  const { at } = place;
  if (countOf(place, "minProperties", 0) > new Set(required).size)
    throw refusal("`minProperties` above the number of required names", at, "list these names under required");
  const most = countOf(place, "maxProperties", Number.POSITIVE_INFINITY);
  if (most < declared.length || (hasExtra && most < Number.POSITIVE_INFINITY))
    throw refusal("`maxProperties` below the number of names", at, "declare fewer, and set additionalProperties to false");
}

/** From the last member to the first: what may follow behind one that was written, and what where none was yet. */
function content({ members, extra }: Shape): GrammarNode {
  const more = extra === undefined ? sequence() : repeat(further(extra), 0, Number.POSITIVE_INFINITY);
  let later: GrammarNode = sequence(more, BLANK);
  let first: GrammarNode = extra === undefined ? sequence() : choice(sequence(), sequence(extra, more, BLANK));
  for (const { node, isRequired } of members.toReversed()) {
    const asFirst = sequence(node, later);
    const asLater = sequence(further(node), later);
    first = isRequired ? asFirst : choice(asFirst, first);
    later = isRequired ? asLater : choice(asLater, later);
  }
  return first;
}
