/** What the keywords of one schema say themselves, by type: what its parts say, comes from elsewhere. */
import { type Expression, type Expressions, TooLargeError } from "./expressions.ts";
import {
  boundsOf,
  isSchemaObject,
  type JsonType,
  limits,
  listOf,
  pointer,
  recordOf,
  refusal,
  refuseUnknowable,
  type Subschema,
  typesNamed,
} from "./json-schema.ts";
import { ANY_NUMBER, hasNumbers, numberRule } from "./numbers.ts";
import { patternTexts } from "./patterns.ts";
import {
  ANYTHING,
  type ArrayShape,
  isNever,
  type ListedShape,
  type Member,
  membersOfBoth,
  NEVER,
  type ObjectShape,
  type SchemaPart,
  type Shape,
} from "./shapes.ts";
import { FORMAT_NAMES, stringFormat } from "./string-formats.ts";
import { ANY_STRING, type StringRule } from "./strings.ts";

/** Each type once: a number may be an integer. */
const TYPES = ["object", "array", "string", "number", "boolean", "null"] as const;

type Type = (typeof TYPES)[number];

/** So many cases of one value are told apart. */
export const MOST_CASES = 500;

/** What a schema does not limit, by type. */
export function anyShapes(expressions: Expressions, isMeant: boolean, types: readonly Type[] = TYPES): readonly Shape[] {
  return types.map((type) => ({ ...anyOfType(type, expressions), isMeant }));
}

/** All types but these. */
export function typesBut(named: readonly JsonType[]): readonly Type[] {
  return TYPES.filter((type) => !named.includes(type));
}

function anyOfType(type: Type, expressions: Expressions): Shape {
  switch (type) {
    case "object":
      return anyObject(expressions);
    case "array":
      return ANY_ARRAY;
    case "string":
      return { kind: "string", isMeant: true, rule: ANY_STRING };
    case "number":
      return { kind: "number", isMeant: true, rule: ANY_NUMBER };
    case "boolean":
      return listed([true, false]);
    case "null":
      return listed([null]);
    default:
      return type satisfies never;
  }
}

export function listed(values: ListedShape["values"]): ListedShape {
  return { kind: "listed", isMeant: true, values };
}

export function anyObject(expressions: Expressions): ObjectShape {
  const others = [{ names: expressions.everything, member: ANYTHING }];
  return {
    kind: "object",
    isMeant: true,
    declared: new Map(),
    others,
    required: new Set(),
    isListed: false,
    least: 0,
    most: Number.POSITIVE_INFINITY,
  };
}

export const ANY_ARRAY: ArrayShape = {
  kind: "array",
  isMeant: true,
  first: [],
  rest: ANYTHING,
  least: undefined,
  most: Number.POSITIVE_INFINITY,
  contains: [],
};

/** A part of a schema. */
export function part(place: Subschema, ...steps: readonly (string | number)[]): SchemaPart {
  const schema = steps.reduce<unknown>((whole, step) => (whole as Record<string | number, unknown>)[step], place.schema);
  return { schema, at: pointer(place.at, ...steps), isNegated: false };
}

/** The types that a schema names, each limited by the keywords about it. Where it names none, all, of which those that it has keywords about are meant. */
export function ownShapes(place: Subschema, expressions: Expressions, namesOf: (names: SchemaPart) => NamesRule): readonly Shape[] {
  const named = typesNamed(place);
  return TYPES.flatMap((type): readonly Shape[] => {
    const isInteger = type === "number" && named?.includes("number") === false && named.includes("integer");
    if (named?.includes(type) === false && !isInteger) return [];
    refuseUnknowable(place, type);
    const isMeant = named !== undefined || limits(place, [type]).length > 0;
    return [{ ...ownShape(type, { place, isInteger, expressions, namesOf }), isMeant }];
  });
}

/** What `propertyNames` allows: names that it lists, or others. */
export interface NamesRule {
  readonly listed: readonly string[];
  readonly texts: Expression;
}

interface Ownness {
  readonly place: Subschema;
  readonly isInteger: boolean;
  readonly expressions: Expressions;
  readonly namesOf: (names: SchemaPart) => NamesRule;
}

function ownShape(type: Type, { place, isInteger, expressions, namesOf }: Ownness): Shape {
  switch (type) {
    case "object":
      return objectShape(place, expressions, namesOf);
    case "array":
      return arrayShape(place);
    case "string":
      return { kind: "string", isMeant: true, rule: stringRule(place, expressions) };
    case "number": {
      const rule = numberRule(place, isInteger);
      if (!hasNumbers(rule)) throw refusal("bounds with no number between them", place.at, "widen them; up to 15 digits are written");
      return { kind: "number", isMeant: true, rule };
    }
    default:
      return anyOfType(type, expressions);
  }
}

function stringRule(place: Subschema, expressions: Expressions): StringRule {
  const { least = 0, most } = boundsOf(place, "minLength", "maxLength");
  const { pattern, format } = place.schema;
  const known = format === undefined ? "described" : stringFormat(String(format), pattern);
  if (known === undefined) throw refusal(`\`format\` \`${String(format)}\``, place.at, `use ${FORMAT_NAMES.join(", ")}, or a pattern`);
  const said = known !== "described" && known.isWithin ? undefined : pattern;
  const texts = said === undefined ? expressions.everything : patternOf(said, place.at, expressions);
  if (known === "described") return { least, most, texts: texts === expressions.everything ? undefined : texts };
  const formatted = patternTexts(expressions, known.pattern, place.at);
  return { least, most: Math.min(most, known.maxLength ?? most), texts: expressions.both(formatted, texts) };
}

export function patternOf(pattern: unknown, at: string, expressions: Expressions): Expression {
  if (typeof pattern !== "string") throw refusal("`pattern` that is no text", at, "give a regular expression");
  return patternTexts(expressions, pattern, at);
}

function objectShape(place: Subschema, expressions: Expressions, namesOf: (names: SchemaPart) => NamesRule): ObjectShape {
  const { schema, at } = place;
  const { least, most } = boundsOf(place, "minProperties", "maxProperties");
  const properties = recordOf(place, "properties");
  const required = new Set(listOf(place, "required").map(String));
  const classes = patternClasses(place, expressions);
  const unmatched = memberOf(place, "additionalProperties") ?? ANYTHING;
  const others = classes.map(({ names, member }) => ({ names, member: member ?? unmatched }));
  const stray = [...required].find((name) => !Object.hasOwn(properties, name) && isClosed(others, name, expressions));
  if (stray !== undefined) throw refusal(`\`required\` with \`${stray}\`, which is not declared`, at, "declare it under properties");
  const declared = Object.keys(properties).map((name) => {
    const matched = classes.find(({ names }) => expressions.has(names, name))?.member;
    const own = { value: [part(place, "properties", name)], isEvaluated: true, isAsked: true };
    return [name, matched === undefined ? own : membersOfBoth(own, matched)] as const;
  });
  const isListed = schema["properties"] !== undefined && (declared.length === 0 || declared.some(([, member]) => !isNever(member)));
  const shape = { ...anyObject(expressions), declared: new Map(declared), others, required, isListed, least: least ?? 0, most };
  return schema["propertyNames"] === undefined ? shape : withNames(shape, namesOf(part(place, "propertyNames")), expressions);
}

function isClosed(others: ObjectShape["others"], name: string, expressions: Expressions): boolean {
  return others.some(({ names, member }) => isNever(member) && expressions.has(names, name));
}

/** Names, told apart by the patterns that they match; without a member where they match none. */
function patternClasses(
  place: Subschema,
  expressions: Expressions,
): readonly { readonly names: Expression; readonly member: Member | undefined }[] {
  let classes: { readonly names: Expression; readonly member: Member | undefined }[] = [
    { names: expressions.everything, member: undefined },
  ];
  for (const pattern of Object.keys(recordOf(place, "patternProperties"))) {
    const own = { value: [part(place, "patternProperties", pattern)], isEvaluated: true, isAsked: true };
    const texts = patternTexts(expressions, pattern, pointer(place.at, "patternProperties"));
    classes = classes.flatMap(({ names, member }) => [
      { names: expressions.both(names, texts), member: member === undefined ? own : membersOfBoth(member, own) },
      { names: expressions.both(names, expressions.not(texts)), member },
    ]);
    classes = classes.filter(({ names }) => !expressions.isEmpty(names));
    if (classes.length > MOST_CASES) throw new TooLargeError();
  }
  return classes;
}

/** Names that are listed are declared: each is written once, and in this order. */
function withNames(shape: ObjectShape, { listed: names, texts }: NamesRule, expressions: Expressions): ObjectShape {
  const barred = { ...ANYTHING, value: [NEVER] };
  const isAllowed = (name: string) => names.includes(name) || expressions.has(texts, name);
  const declared = new Map([...shape.declared].map(([name, member]) => [name, isAllowed(name) ? member : barred]));
  for (const name of names) {
    const other = shape.others.find((one) => expressions.has(one.names, name));
    if (other !== undefined && !declared.has(name)) declared.set(name, { ...other.member, isAsked: true });
  }
  const others = shape.others.map((one) => ({ ...one, names: expressions.both(one.names, texts) }));
  return { ...shape, declared, others: others.filter((one) => !expressions.isEmpty(one.names)) };
}

function arrayShape(place: Subschema): ArrayShape {
  const { schema } = place;
  const { least, most } = boundsOf(place, "minItems", "maxItems");
  // Older drafts list the first items under `items`.
  const [listedFirst, other] = Array.isArray(schema["items"])
    ? (["items", "additionalItems"] as const)
    : (["prefixItems", "items"] as const);
  const first = listOf(place, listedFirst).map((_, index): Member => {
    return { value: [part(place, listedFirst, index)], isEvaluated: true, isAsked: true };
  });
  const contains = schema["contains"] === undefined ? [] : [containedIn(place)];
  return { kind: "array", isMeant: true, first, rest: memberOf(place, other) ?? ANYTHING, least, most, contains };
}

function containedIn(place: Subschema): ArrayShape["contains"][number] {
  const { least, most } = boundsOf({ ...place, schema: { minContains: 1, ...place.schema } }, "minContains", "maxContains");
  return { item: part(place, "contains"), least: least ?? 1, most };
}

/** What a keyword says of all that is left. */
export function memberOf(place: Subschema, keyword: string): Member | undefined {
  const schema = place.schema[keyword];
  if (schema === undefined) return undefined;
  return { value: [part(place, keyword)], isEvaluated: true, isAsked: schema !== false };
}

/** A value as the only one of its type, where it has parts: every other is listed. */
export function exactly(value: unknown): unknown {
  if (Array.isArray(value))
    return { type: "array", prefixItems: value.map((item) => ({ const: item })), items: false, minItems: value.length };
  if (!isSchemaObject(value)) return { const: value };
  const properties = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, { const: one }]));
  return { type: "object", properties, required: Object.keys(value), additionalProperties: false };
}
