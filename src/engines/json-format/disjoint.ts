import type { JsonSchema } from "../../core/engine.ts";
import { isJsonType, isSchemaObject, JSON_TYPES, type JsonType, typesOf } from "./json-schema.ts";

/** Follows a `$ref` to the schema it names. */
export type Resolve = (reference: string) => unknown;

/** Deeper than this, two schemas are taken to overlap. */
const DEEPEST = 8;

/** Whether it is certain that no value is of both schemas: by their types, their values, or a name whose values differ. */
export function areDisjoint(left: unknown, right: unknown, { resolve, depth = 0 }: { resolve: Resolve; depth?: number }): boolean {
  if (left === false || right === false) return true;
  const [one, other] = [followed(left, resolve), followed(right, resolve)];
  if (one === undefined || other === undefined || depth > DEEPEST) return false;
  const types = typesIn(one).filter((type) => typesIn(other).includes(type));
  if (types.length === 0) return true;
  const [values, others] = [valuesIn(one), valuesIn(other)];
  if (values !== undefined && others !== undefined) return !values.some((value) => others.includes(value));
  const areObjects = types.length === 1 && types[0] === "object";
  return areObjects && (areTold(one, other, { resolve, depth: depth + 1 }) || areTold(other, one, { resolve, depth: depth + 1 }));
}

/** Whether a name that `one` requires tells its objects from those of `other`. */
function areTold(one: JsonSchema, other: JsonSchema, following: { resolve: Resolve; depth: number }): boolean {
  const [properties, others] = [propertiesOf(one), propertiesOf(other)];
  const required = Array.isArray(one["required"]) ? one["required"].map(String) : [];
  return required.some((name) => {
    if (!Object.hasOwn(others, name)) return other["additionalProperties"] === false;
    return Object.hasOwn(properties, name) && areDisjoint(properties[name], others[name], following);
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
  const values = listedValues(schema);
  const { type } = schema;
  const given = [type].flat().filter(isJsonType);
  const types = values === undefined ? (given.length === 0 ? JSON_TYPES : given) : values.flatMap(typesOf);
  return [...new Set(types.map((one) => (one === "integer" ? "number" : one)))];
}

function valuesIn(schema: JsonSchema): readonly string[] | undefined {
  return listedValues(schema)?.map((value) => JSON.stringify(value));
}

function listedValues(schema: JsonSchema): readonly unknown[] | undefined {
  if (schema["const"] !== undefined) return [schema["const"]];
  return Array.isArray(schema["enum"]) ? schema["enum"] : undefined;
}
