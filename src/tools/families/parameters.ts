/** The parameters of a tool one by one, for calls that are no JSON as a whole. */
import { EngineError, type FormatPart, type JsonSchema, type Tool } from "../../core/index.ts";

/** A parameter, with a schema that stands on its own. */
export interface Parameter {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly isRequired: boolean;
  /** Whether it is a text, and nothing else but perhaps null: then it is written without quotes. */
  readonly isText: boolean;
  readonly isNullable: boolean;
}

/** The JSON types that a template may tell apart. */
export type ValueType = "string" | "number" | "boolean" | "object" | "array";

/** Deeper, a schema is taken to refer to itself. */
const DEEPEST = 16;

/** Where the schema of a tool stands in that of a parameter. */
const ROOT = "#/$defs/tool";

/**
 * All sets of parameters that a tool may be called with: one, where its schema leaves no choice.
 *
 * @throws {EngineError} `format-unsupported`, for a schema that does not say which parameters there are
 */
export function parameterSets({ parameters: root }: Tool): readonly (readonly Parameter[])[] {
  return objectsOf(root, root).map(({ properties, required }) => {
    const stray = [...required].find((name) => !properties.has(name));
    if (stray !== undefined) throw refusal(`\`required\` with \`${stray}\`, which is not declared`, "declare it under properties");
    return [...properties].map(([name, schema]) => parameterOf(name, { schema, root, isRequired: required.has(name) }));
  });
}

function parameterOf(name: string, { schema, root, isRequired }: { schema: unknown; root: JsonSchema; isRequired: boolean }): Parameter {
  const types = typesOf(schema, root);
  const isText = types.has("string") && [...types].every((type) => type === "string" || type === "null");
  const own = isSchema(schema) ? (rebased(schema, ROOT) as JsonSchema) : { anyOf: [schema] };
  return { name, schema: { ...own, $defs: { tool: rebased(root, ROOT) } }, isRequired, isText, isNullable: types.has("null") };
}

/** Which of the types that a template may tell apart a value of this schema is most likely of. */
export function valueType({ schema, isText }: Parameter): ValueType {
  if (isText) return "string";
  const types = [...typesOf(schema, schema)].map((type) => (type === "integer" ? "number" : type));
  return (["number", "boolean", "array"] as const).find((type) => types.every((one) => one === type || one === "null")) ?? "object";
}

interface ObjectSchema {
  readonly properties: ReadonlyMap<string, unknown>;
  readonly required: ReadonlySet<string>;
}

function objectsOf(schema: unknown, root: JsonSchema, depth = 0): readonly ObjectSchema[] {
  if (depth > DEEPEST) throw refusal("parameters that refer to themselves", "list them under properties");
  if (!isSchema(schema)) throw refusal(`\`${String(schema)}\` for parameters`, "give an object of keywords");
  if (typeof schema["$ref"] === "string") return objectsOf(resolved(schema["$ref"], root), root, depth + 1);
  const choices = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(choices)) return choices.flatMap((one) => objectsOf(one, root, depth + 1));
  const own = [{ properties: new Map(Object.entries(recordIn(schema, "properties"))), required: new Set(namesIn(schema["required"])) }];
  const parts = Array.isArray(schema["allOf"]) ? schema["allOf"] : [];
  return parts.reduce<readonly ObjectSchema[]>(
    (sets, part) => sets.flatMap((set) => objectsOf(part, root, depth + 1).map((other) => both(set, other))),
    own,
  );
}

function both(one: ObjectSchema, other: ObjectSchema): ObjectSchema {
  const properties = new Map(one.properties);
  for (const [name, schema] of other.properties) {
    const known = properties.get(name);
    properties.set(name, known === undefined ? schema : { allOf: [known, schema] });
  }
  return { properties, required: new Set([...one.required, ...other.required]) };
}

/** The types of JSON that a schema has values of; where it says nothing, all. */
function typesOf(schema: unknown, root: JsonSchema, depth = 0): ReadonlySet<string> {
  if (!isSchema(schema) || depth > DEEPEST) return EVERY_TYPE;
  if (typeof schema["$ref"] === "string") return typesOf(resolved(schema["$ref"], root), root, depth + 1);
  const { type, enum: values = "const" in schema ? [schema["const"]] : undefined } = schema as { type?: unknown; enum?: unknown };
  if (Array.isArray(values)) return new Set(values.map(typeOf));
  if (type !== undefined) return new Set([type].flat().map(String));
  const choices = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(choices)) return new Set(choices.flatMap((one) => [...typesOf(one, root, depth + 1)]));
  const parts = Array.isArray(schema["allOf"]) ? schema["allOf"].map((one) => typesOf(one, root, depth + 1)) : [];
  const about = ["minLength", "maxLength", "pattern", "format"].some((keyword) => schema[keyword] !== undefined) ? [TEXT] : [];
  const sets = [...parts, ...about];
  return new Set([...EVERY_TYPE].filter((one) => sets.every((set) => set.has(one))));
}

const EVERY_TYPE: ReadonlySet<string> = new Set(["object", "array", "string", "number", "integer", "boolean", "null"]);
const TEXT: ReadonlySet<string> = new Set(["string"]);

function typeOf(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}

/** What a reference within a schema points to. */
function resolved(reference: string, root: JsonSchema): unknown {
  const steps = reference.split("/").slice(1);
  return steps.reduce<unknown>((part, step) => {
    const name = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
    return part instanceof Object && Object.hasOwn(part, name) ? Reflect.get(part, name) : undefined;
  }, root);
}

/** Inside of another schema, what refers to the root must refer to where the schema stands now. */
export function rebased(value: unknown, root: string): unknown {
  if (Array.isArray(value)) return value.map((part) => rebased(part, root));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, part]): [string, unknown] => {
    if (name === "$ref" && typeof part === "string" && part.startsWith("#")) return [name, root + part.slice(1)];
    return [name, DATA.has(name) ? part : rebased(part, root)];
  });
  return Object.fromEntries(entries);
}

/** Keywords whose values are no schemas. */
const DATA: ReadonlySet<string> = new Set(["const", "enum", "default", "examples"]);

/** Members with separators between them, of which only the required ones must be there, in this order. */
export function separated(members: readonly { readonly parts: readonly FormatPart[]; readonly isRequired: boolean }[], separator: string) {
  let later: readonly FormatPart[] = [];
  let first: readonly FormatPart[] = [];
  for (const { parts, isRequired } of members.toReversed()) {
    const asFirst = [...parts, { anyOf: [later] }];
    const asLater = [separator, ...parts, { anyOf: [later] }];
    first = isRequired ? asFirst : [{ anyOf: [asFirst, first] }];
    later = isRequired ? asLater : [{ anyOf: [asLater, later] }];
  }
  return first;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function recordIn(schema: JsonSchema, keyword: string): Readonly<Record<string, unknown>> {
  const value = schema[keyword] ?? {};
  if (!isSchema(value)) throw refusal(`\`${keyword}\` that is no object`, "give an object of schemas");
  return value;
}

function namesIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function refusal(part: string, advice: string): EngineError {
  return new EngineError("format-unsupported", `Expected parameters that this model can write one by one, got ${part} (${advice})`);
}
