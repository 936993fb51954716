/** JSON Schemas as they are written: which keywords a format obeys, which are refused, and whether two schemas can have a value in common. */
import type { JsonSchema } from "../../core/engine.ts";
import { EngineError } from "../../core/errors.ts";

export const JSON_TYPES = ["object", "array", "string", "number", "integer", "boolean", "null"] as const;

/** The kinds of JSON values. An integer is written as a number without a fraction. */
export type JsonType = (typeof JSON_TYPES)[number];

/** A schema, and where it stands in the whole one: complaints say so. */
export interface Subschema {
  readonly schema: JsonSchema;
  /** A JSON pointer, such as `#/properties/name`. */
  readonly at: string;
}

/** Follows a `$ref` to the schema it names. */
export type Resolve = (reference: string) => unknown;

const OBEYED = undefined;

const OF_NUMBERS = {
  ...obeyed("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
  multipleOf: "leave it out, or check it afterwards",
};

/** All keywords that limit what is valid, by what they are about; all others only describe. Those that cannot be obeyed while writing come with advice. */
const KEYWORDS: Readonly<Record<JsonType | "any", Readonly<Record<string, string | undefined>>>> = {
  any: {
    ...obeyed("type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref"),
    not: "say what is allowed instead",
    if: "use anyOf with one schema for each case",
    $dynamicRef: "use $ref",
    $recursiveRef: "use $ref",
  },
  object: {
    ...obeyed("properties", "required", "additionalProperties", "unevaluatedProperties", "propertyNames", "minProperties", "maxProperties"),
    patternProperties: "use properties or additionalProperties",
    dependentRequired: "use anyOf with one schema for each case",
    dependentSchemas: "use anyOf with one schema for each case",
    dependencies: "use anyOf with one schema for each case",
  },
  array: {
    ...obeyed("items", "prefixItems", "additionalItems", "unevaluatedItems", "minItems", "maxItems"),
    contains: "leave it out, or check it afterwards",
    uniqueItems: "leave it out, or check it afterwards",
  },
  string: {
    ...obeyed("minLength", "maxLength"),
    pattern: "use enum, or leave it out and check it afterwards",
    format: "leave it out, or check it afterwards",
  },
  number: OF_NUMBERS,
  integer: OF_NUMBERS,
  boolean: {},
  null: {},
};

/** Values with which a keyword asks for nothing. */
const VACUOUS: Readonly<Record<string, unknown>> = { uniqueItems: false, multipleOf: 1 };

/** Deeper than this, two schemas are taken to overlap. */
const DEEPEST = 8;

function obeyed(...keywords: readonly string[]): Record<string, typeof OBEYED> {
  return Object.fromEntries(keywords.map((keyword) => [keyword, OBEYED]));
}

export function isJsonType(value: unknown): value is JsonType {
  return JSON_TYPES.some((type) => type === value);
}

/** Whether `value` is an object of keywords; `true` and `false` are schemas, too, and are not. */
export function isSchemaObject(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The types that a value has: an integer has two. */
export function typesOf(value: unknown): readonly JsonType[] {
  if (value === null) return ["null"];
  if (Array.isArray(value)) return ["array"];
  if (Number.isInteger(value)) return ["integer", "number"];
  return isJsonType(typeof value) ? [typeof value as JsonType] : [];
}

/** A complaint about one part of a schema: where it stands, and what to do about it. */
export function refusal(part: string, at: string, advice: string): EngineError {
  return new EngineError("format-unsupported", `Expected a schema that can be a format, got ${part} at ${at} (${advice})`);
}

/** Keywords that limit what is valid, in the order in which they stand there. */
export function limits({ schema }: Subschema, about: readonly (JsonType | "any")[] = ["any", ...JSON_TYPES]): string[] {
  return Object.keys(schema).filter(
    (keyword) => schema[keyword] !== undefined && about.some((topic) => Object.hasOwn(KEYWORDS[topic], keyword)),
  );
}

/** @throws {EngineError} for a keyword about this type that cannot be obeyed */
export function refuseUnknowable({ schema, at }: Subschema, about: JsonType | "any"): void {
  for (const [keyword, advice] of Object.entries(KEYWORDS[about])) {
    const isAsked = schema[keyword] !== undefined && schema[keyword] !== VACUOUS[keyword];
    if (isAsked && advice !== OBEYED) throw refusal(`\`${keyword}\``, at, advice);
  }
}

/** @throws {EngineError} when other limits stand beside a keyword that has to stand alone */
export function refuseBeside(place: Subschema, keyword: string, allowed: readonly string[] = []): void {
  const other = limits(place).find((name) => name !== keyword && !allowed.includes(name));
  if (other !== undefined) throw refusal(`\`${other}\` beside \`${keyword}\``, place.at, "put both into one schema");
}

/** The first of these keywords that a schema has; where it has none, the first one. */
export function firstGiven({ schema }: Subschema, ...keywords: readonly [string, ...string[]]): string {
  return keywords.find((keyword) => schema[keyword] !== undefined) ?? keywords[0];
}

/** A whole number from 0 on. */
export function countOf({ schema, at }: Subschema, keyword: string, fallback: number): number {
  const value = schema[keyword] ?? fallback;
  if (value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && Number(value) >= 0)) return Number(value);
  throw refusal(`\`${keyword}\` that is no number`, at, "give a whole number from 0 on");
}

export function listOfSchemas({ schema, at }: Subschema, keyword: string): readonly unknown[] {
  const value = schema[keyword] ?? [];
  if (Array.isArray(value)) return value;
  throw refusal(`\`${keyword}\` that is no list`, at, "give a list of schemas");
}

export function recordOfSchemas({ schema, at }: Subschema, keyword: string): JsonSchema {
  const value = schema[keyword] ?? {};
  if (isSchemaObject(value)) return value;
  throw refusal(`\`${keyword}\` that is no object`, at, "give an object of schemas");
}

/** The pointer of a part of a schema. */
export function pointer(at: string, ...steps: readonly (string | number)[]): string {
  return [at, ...steps.map((step) => String(step).replaceAll("~", "~0").replaceAll("/", "~1"))].join("/");
}

/** What a pointer such as `#/$defs/item` points to. What lies below another `$id` than the root's is another resource, and not pointed to. */
export function resolvePointer(root: JsonSchema, reference: string): unknown {
  const [start, ...steps] = reference.split("/").map(pointerStep);
  const inside = (part: unknown, step: string | undefined) => {
    const isOther = part !== root && isResource(part);
    return !isOther && step !== undefined && part instanceof Object && Object.hasOwn(part, step) ? Reflect.get(part, step) : undefined;
  };
  return start === "#" ? steps.reduce<unknown>(inside, root) : undefined;
}

/** Whether a schema has a URI of its own: a `$ref` in it starts from there. */
export function isResource(schema: unknown): boolean {
  return isSchemaObject(schema) && typeof schema["$id"] === "string";
}

/** One step of a JSON pointer in a URI; `undefined` where it is none. */
function pointerStep(written: string): string | undefined {
  try {
    return decodeURIComponent(written).replaceAll("~1", "/").replaceAll("~0", "~");
  } catch {
    return undefined;
  }
}

/** Whether it is certain that no value is of both schemas: by their types, their values, or a name whose values differ. */
export function areDisjoint(left: unknown, right: unknown, resolve: Resolve, depth = 0): boolean {
  if (left === false || right === false) return true;
  const [one, other] = [followed(left, resolve), followed(right, resolve)];
  if (one === undefined || other === undefined || depth > DEEPEST) return false;
  const types = typesIn(one).filter((type) => typesIn(other).includes(type));
  if (types.length === 0) return true;
  const [values, others] = [listedValues(one)?.map(asText), listedValues(other)?.map(asText)];
  if (values !== undefined && others !== undefined) return !values.some((value) => others.includes(value));
  const isTold = (by: JsonSchema, from: JsonSchema) => requiresAnother(by, from, (a, b) => areDisjoint(a, b, resolve, depth + 1));
  return types.length === 1 && types[0] === "object" && (isTold(one, other) || isTold(other, one));
}

/** Whether `one` requires a name that the objects of `other` lack, or of which they have only values that it does not allow. */
function requiresAnother(one: JsonSchema, other: JsonSchema, areApart: (value: unknown, otherValue: unknown) => boolean): boolean {
  const [properties, others] = [propertiesOf(one), propertiesOf(other)];
  const required = Array.isArray(one["required"]) ? one["required"].map(String) : [];
  return required.some((name) => {
    if (!Object.hasOwn(others, name)) return other["additionalProperties"] === false;
    return Object.hasOwn(properties, name) && areApart(properties[name], others[name]);
  });
}

function propertiesOf({ properties }: JsonSchema): JsonSchema {
  return isSchemaObject(properties) ? properties : {};
}

function followed(schema: unknown, resolve: Resolve): JsonSchema | undefined {
  let target = schema;
  for (let step = 0; step < DEEPEST && isSchemaObject(target) && typeof target["$ref"] === "string"; step++)
    target = resolve(target["$ref"]);
  return isSchemaObject(target) && target["$ref"] === undefined ? target : undefined;
}

/** Numbers and integers share values: `number` stands for both. */
function typesIn(schema: JsonSchema): readonly JsonType[] {
  const given = [schema["type"]].flat().filter(isJsonType);
  const types = listedValues(schema)?.flatMap(typesOf) ?? (given.length === 0 ? JSON_TYPES : given);
  return [...new Set(types.map((type) => (type === "integer" ? "number" : type)))];
}

function listedValues(schema: JsonSchema): readonly unknown[] | undefined {
  if (schema["const"] !== undefined) return [schema["const"]];
  return Array.isArray(schema["enum"]) ? schema["enum"] : undefined;
}

function asText(value: unknown): string {
  return JSON.stringify(value);
}
