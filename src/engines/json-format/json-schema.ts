/** JSON Schemas as they are written: which keywords a format obeys, and which are refused. */

import { EngineError } from "../../core/errors.ts";
import type { JsonSchema } from "../../core/output-format.ts";

export const JSON_TYPES = ["object", "array", "string", "number", "integer", "boolean", "null"] as const;

/** The kinds of JSON values. An integer is written as a number without a fraction. */
export type JsonType = (typeof JSON_TYPES)[number];

/** A schema, and where it stands in the whole one: complaints say so. */
export interface Subschema {
  readonly schema: JsonSchema;
  /** A JSON pointer, such as `#/properties/name`. */
  readonly at: string;
}

const OBEYED = undefined;

const OF_NUMBERS = obeyed("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf");

/** All keywords that limit what is valid, by what they are about; all others only describe. Those that cannot be obeyed while writing come with advice. */
const KEYWORDS: Readonly<Record<JsonType | "any", Readonly<Record<string, string | undefined>>>> = {
  any: {
    ...obeyed("type", "enum", "const", "anyOf", "oneOf", "allOf", "not", "if", "$ref"),
    $dynamicRef: "use $ref",
    $recursiveRef: "use $ref",
  },
  object: obeyed(
    ...["properties", "required", "patternProperties", "additionalProperties", "unevaluatedProperties", "propertyNames"],
    ...["minProperties", "maxProperties", "dependentRequired", "dependentSchemas", "dependencies"],
  ),
  array: {
    ...obeyed("items", "prefixItems", "additionalItems", "unevaluatedItems", "minItems", "maxItems", "contains"),
    uniqueItems: "leave it out, or check it afterwards",
  },
  string: obeyed("minLength", "maxLength", "pattern", "format"),
  number: OF_NUMBERS,
  integer: OF_NUMBERS,
  boolean: {},
  null: {},
};

function obeyed(...keywords: readonly string[]): Record<string, typeof OBEYED> {
  return Object.fromEntries(keywords.map((keyword) => [keyword, OBEYED]));
}

function isJsonType(value: unknown): value is JsonType {
  return JSON_TYPES.some((type) => type === value);
}

/** Whether `value` is an object of keywords; `true` and `false` are schemas, too, and are not. */
export function isSchemaObject(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A complaint about one part of a schema: where it stands, and what to do about it. */
export function refusal(part: string, at: string, advice: string): EngineError {
  return new EngineError("format-unsupported", `Expected a schema that can be a format, got ${part} at ${at} (${advice})`, { at });
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
    const isAsked = schema[keyword] !== undefined && schema[keyword] !== false;
    if (isAsked && advice !== OBEYED) throw refusal(`\`${keyword}\``, at, advice);
  }
}

/** The types that are named; `undefined` where none is. */
export function typesNamed({ schema, at }: Subschema): readonly JsonType[] | undefined {
  if (schema["type"] === undefined) return undefined;
  const types = [schema["type"]].flat();
  if (types.length > 0 && types.every(isJsonType)) return types;
  throw refusal(`\`type\` \`${types.join(", ")}\``, at, `use ${JSON_TYPES.join(", ")}`);
}

/** A whole number from 0 on; `undefined` where the keyword is not there. */
export function countOf({ schema, at }: Subschema, keyword: string): number | undefined {
  const value = schema[keyword];
  if (value === undefined || value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && Number(value) >= 0))
    return value as number | undefined;
  throw refusal(`\`${keyword}\` that is no number`, at, "give a whole number from 0 on");
}

/** Two counts, of which the first is not to be above the other. */
export function boundsOf(place: Subschema, lower: string, upper: string): { readonly least: number | undefined; readonly most: number } {
  const least = countOf(place, lower);
  const most = countOf(place, upper) ?? Number.POSITIVE_INFINITY;
  if ((least ?? 0) > most) throw refusal(`\`${lower}\` above \`${upper}\``, place.at, "swap them");
  return { least, most };
}

export function listOf({ schema, at }: Subschema, keyword: string): readonly unknown[] {
  const value = schema[keyword] ?? [];
  if (Array.isArray(value)) return value;
  throw refusal(`\`${keyword}\` that is no list`, at, "give a list");
}

export function recordOf({ schema, at }: Subschema, keyword: string): JsonSchema {
  const value = schema[keyword] ?? {};
  if (isSchemaObject(value)) return value;
  throw refusal(`\`${keyword}\` that is no object`, at, "give an object");
}

/** The pointer of a part of a schema. */
export function pointer(at: string, ...steps: readonly (string | number)[]): string {
  return [at, ...steps.map((step) => String(step).replaceAll("~", "~0").replaceAll("/", "~1"))].join("/");
}
