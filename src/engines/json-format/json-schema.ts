import type { JsonSchema } from "../../core/engine.ts";

/** The kinds of JSON values. An integer is written as a number without a fraction. */
export type JsonType = (typeof JSON_TYPES)[number];

export const JSON_TYPES = ["object", "array", "string", "number", "integer", "boolean", "null"] as const;

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
