/** What a model is told of tools. What stands in a schema for programs alone, small models take for something to write: an argument `additionalProperties` that is false. */
import { isRecord, type JsonSchema, type Settings, type Turn } from "../core/index.ts";

/** The turns, of which the first says what may be called. */
export function withDescriptions(turns: readonly Turn[], { tools }: Pick<Settings, "tools">): readonly Turn[] {
  const described = tools.map((tool) => ({ ...tool, parameters: shownSchema(tool.parameters) }));
  return turns.map((turn, index) => (index === 0 ? { ...turn, tools: described } : turn));
}

/** Without its dialect, and without a word on further properties: calls are written under the schema itself. */
function shownSchema(schema: JsonSchema): JsonSchema {
  const shown = Object.entries(schema).filter(
    ([keyword, value]) => !(keyword === "$schema" || (keyword === "additionalProperties" && value === false)),
  );
  return Object.fromEntries(shown.map(([keyword, value]) => [keyword, shownPart(keyword, value)]));
}

/** Under these there is a schema for each name. */
const BY_NAME: ReadonlySet<string> = new Set(["properties", "patternProperties", "dependentSchemas", "$defs", "definitions"]);
/** Under these there is what a value may be, and no schema. */
const OF_VALUES: ReadonlySet<string> = new Set(["const", "enum", "default", "examples"]);

function shownPart(keyword: string, value: unknown): unknown {
  if (OF_VALUES.has(keyword)) return value;
  if (Array.isArray(value)) return value.map(shownIfSchema);
  if (!isRecord(value)) return value;
  if (!BY_NAME.has(keyword)) return shownIfSchema(value);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shownIfSchema(part)]));
}

function shownIfSchema(value: unknown): unknown {
  return isRecord(value) ? shownSchema(value as JsonSchema) : value;
}
