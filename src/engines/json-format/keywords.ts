import type { JsonSchema } from "../../core/engine.ts";
import { isSchemaObject, JSON_TYPES, type JsonType } from "./json-schema.ts";
import { refusal } from "./refusal.ts";

/** A schema at its place in the whole one: where it stands is said in complaints. */
export interface SchemaPlace {
  readonly schema: JsonSchema;
  /** A JSON pointer, such as `#/properties/name`. */
  readonly at: string;
}

/** What a keyword is about, and what to do instead where it cannot be obeyed while writing. */
const REFUSED: Readonly<Record<JsonType | "any", Readonly<Record<string, string>>>> = {
  any: {
    not: "say what is allowed instead",
    if: "use anyOf with one schema for each case",
    $dynamicRef: "use $ref",
    $recursiveRef: "use $ref",
  },
  object: {
    patternProperties: "use properties or additionalProperties",
    dependentRequired: "use anyOf with one schema for each case",
    dependentSchemas: "use anyOf with one schema for each case",
    dependencies: "use anyOf with one schema for each case",
  },
  array: { contains: "leave it out, or check it afterwards", uniqueItems: "leave it out, or check it afterwards" },
  string: { pattern: "use enum, or leave it out and check it afterwards", format: "leave it out, or check it afterwards" },
  number: { multipleOf: "leave it out, or check it afterwards" },
  integer: { multipleOf: "leave it out, or check it afterwards" },
  boolean: {},
  null: {},
};

/** Keywords that are obeyed, by what they are about. */
const OBEYED: Readonly<Record<JsonType | "any", readonly string[]>> = {
  any: ["type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref"],
  object: ["properties", "required", "additionalProperties", "propertyNames", "minProperties", "maxProperties"],
  array: ["items", "prefixItems", "additionalItems", "minItems", "maxItems"],
  string: ["minLength", "maxLength"],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
  integer: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
  boolean: [],
  null: [],
};

/** Values with which a keyword asks for nothing. */
const VACUOUS: Readonly<Record<string, unknown>> = { uniqueItems: false, multipleOf: 1 };

/** Keywords that limit what is valid, in the order in which they stand there. All others only describe. */
export function limits({ schema }: SchemaPlace, about: readonly (JsonType | "any")[] = ["any", ...JSON_TYPES]): string[] {
  const limiting = new Set(about.flatMap((topic) => [...OBEYED[topic], ...Object.keys(REFUSED[topic])]));
  return Object.keys(schema).filter((keyword) => limiting.has(keyword) && schema[keyword] !== undefined);
}

/** @throws {EngineError} for a keyword about this type that cannot be obeyed */
export function refuseUnknowable(place: SchemaPlace, about: JsonType | "any"): void {
  const keyword = Object.keys(REFUSED[about]).find((name) => place.schema[name] !== undefined && place.schema[name] !== VACUOUS[name]);
  if (keyword !== undefined) throw refusal(`\`${keyword}\``, place.at, REFUSED[about][keyword] as string);
}

/** @throws {EngineError} when other limits stand beside a keyword that has to stand alone */
export function refuseBeside(place: SchemaPlace, keyword: string, allowed: readonly string[] = []): void {
  const other = limits(place).find((name) => name !== keyword && !allowed.includes(name));
  if (other !== undefined) throw refusal(`\`${other}\` beside \`${keyword}\``, place.at, "put both into one schema");
}

/** A whole number from 0 on. */
export function countOf({ schema, at }: SchemaPlace, keyword: string, fallback: number): number {
  const value = schema[keyword] ?? fallback;
  if (value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && Number(value) >= 0)) return Number(value);
  throw refusal(`\`${keyword}\` that is no number`, at, "give a whole number from 0 on");
}

export function listOfSchemas({ schema, at }: SchemaPlace, keyword: string): readonly unknown[] {
  const value = schema[keyword] ?? [];
  if (Array.isArray(value)) return value;
  throw refusal(`\`${keyword}\` that is no list`, at, "give a list of schemas");
}

export function recordOfSchemas({ schema, at }: SchemaPlace, keyword: string): JsonSchema {
  const value = schema[keyword] ?? {};
  if (isSchemaObject(value)) return value;
  throw refusal(`\`${keyword}\` that is no object`, at, "give an object of schemas");
}

/** The pointer of a part of a schema. */
export function pointer(at: string, ...steps: readonly (string | number)[]): string {
  return [at, ...steps.map((step) => String(step).replaceAll("~", "~0").replaceAll("/", "~1"))].join("/");
}
