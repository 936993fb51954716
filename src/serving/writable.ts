/** Schemas of others, which may say more than can be kept while a text is written. What is left out of them is checked of the whole. */
import { type Schema, Validator } from "@cfworker/json-schema";
import {
  checkFormat,
  type Engine,
  EngineError,
  isRecord,
  type JsonFormat,
  type JsonSchema,
  type RainOptions,
  type Tool,
} from "../core/index.ts";

/** Keywords that only make fewer values valid: without one, what is written may break it. */
const LEFT_OUT = ["uniqueItems", "format", "pattern"] as const;

/** The same options, with schemas that this engine can write by. Whoever calls is told what is asked of whole calls only. */
export function withWritableSchemas(options: RainOptions, engine: Engine, tell: (notice: string) => void): RainOptions {
  const { tools = [], format } = options;
  return {
    ...options,
    ...(tools.length === 0 ? {} : { tools: tools.map((tool) => writableTool(tool, engine, tell)) }),
    ...(format?.type === "json" ? { format: writableFormat(format, engine) } : {}),
  };
}

/**
 * The tool, without what its schema cannot keep while a call is written: that is checked of the whole call, and one that breaks it is written anew. Where something else is
 * wrong with it, as it is: the error says what.
 */
function writableTool(tool: Tool, engine: Engine, tell: (notice: string) => void): Tool {
  const { name, parameters, isValid } = tool;
  const { schema, left } = writableSchema(parameters, engine);
  if (left.length === 0) return tool;
  for (const part of left)
    tell(`Expected the tool \`${name}\` to have a schema to write by, got ${part}: that is checked of whole calls, as far as it is known.`);
  return { ...tool, parameters: schema, isValid: alsoOf(parameters, isValid) };
}

/** The format, without what its schema cannot keep while a text is written: that is checked of the whole text, and a text that breaks it is written anew. */
function writableFormat(format: JsonFormat, engine: Engine): JsonFormat {
  const { schema, left } = writableSchema(format.schema, engine);
  if (left.length === 0) return format;
  const isSaid = alsoOf(format.schema);
  const { isValid = () => true } = format;
  // What breaks it is mended only as long as nothing is out.
  return { ...format, schema, inSteps: false, isValid: async (text) => (await isSaid(JSON.parse(text))) && (await isValid(text)) };
}

/** Whether a value is all that a schema says, and what else is asked of it. A `format` that nobody knows says nothing. */
function alsoOf<Value>(
  schema: JsonSchema,
  isValid: (value: Value) => boolean | Promise<boolean> = () => true,
): (value: Value) => Promise<boolean> {
  const validator = new Validator(schema as Schema, "2020-12");
  return async (value) => validator.validate(value).valid && (await isValid(value));
}

/** A schema that can be written by, and what was left out of it, with its place. Where nothing helps, the schema as it is. */
function writableSchema(given: JsonSchema, engine: Engine): { readonly schema: JsonSchema; readonly left: readonly string[] } {
  let schema = given;
  const left: string[] = [];
  for (;;) {
    const refused = refusalOf(schema, engine);
    if (refused === undefined) return { schema, left };
    const part = schemaAt(schema, refused.at);
    const keyword = LEFT_OUT.find((name) => refused.message.includes(`\`${name}\``) && part !== undefined && name in part);
    if (part === undefined || keyword === undefined) return { schema: given, left: [] };
    if (schema === given) schema = structuredClone(given);
    Reflect.deleteProperty(schemaAt(schema, refused.at) as object, keyword);
    left.push(`\`${keyword}\` at ${refused.at}`);
  }
}

function refusalOf(schema: JsonSchema, engine: Engine): (EngineError & { readonly at: string }) | undefined {
  try {
    checkFormat(engine, { type: "json", schema });
    return undefined;
  } catch (error) {
    if (error instanceof EngineError && hasPlace(error)) return error;
    return undefined;
  }
}

function hasPlace(error: EngineError): error is EngineError & { readonly at: string } {
  return error.at !== undefined;
}

function schemaAt(schema: JsonSchema, pointer: string): object | undefined {
  const names = pointer
    .split("/")
    .slice(1)
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
  const found = names.reduce<unknown>(
    (part, name) => (typeof part === "object" && part !== null ? Reflect.get(part, name) : undefined),
    schema,
  );
  return isRecord(found) ? found : undefined;
}
