/** Tools of others, whose schemas may say more than can be kept while a call is written. One of them is no reason to have none. */
import { checkFormat, type Engine, EngineError, isRecord, type JsonSchema, type Tool } from "../../../core/index.ts";

/** Keywords that only make fewer values valid: without one, what is written may break it, and the tool, which checks what it is called with, says so. */
const LEFT_TO_TOOLS = ["uniqueItems", "format", "pattern"] as const;

/** The tool, without what its schema cannot keep while it is written: that is told. Where something else is wrong with it, as it is: the error says what. */
export function writableTool(tool: Tool, engine: Engine, tell: (notice: string) => void): Tool {
  const parameters = structuredClone(tool.parameters);
  for (;;) {
    const refused = refusalOf(parameters, engine);
    if (refused === undefined) return { ...tool, parameters };
    const part = schemaAt(parameters, refused.at);
    const keyword = LEFT_TO_TOOLS.find((name) => refused.message.includes(`\`${name}\``) && part !== undefined && name in part);
    if (part === undefined || keyword === undefined) return tool;
    Reflect.deleteProperty(part, keyword);
    tell(
      `Expected the tool \`${tool.name}\` to have a schema to write by, got \`${keyword}\` at ${refused.at}: that is left to the tool to check.`,
    );
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
