import type { CallKeys, Tool } from "./tool.ts";

type Schema = Readonly<Record<string, unknown>>;

/** A JSON schema of one call of any of these tools. */
export function callSchema(tools: readonly Tool[], keys: CallKeys): Schema {
  const calls = tools.map(({ name }, index) => ({
    type: "object",
    properties: { [keys.name]: { const: name }, [keys.arguments]: { $ref: pointer(index) } },
    required: [keys.name, keys.arguments],
    additionalProperties: false,
  }));
  const definitions = Object.fromEntries(tools.map(({ parameters }, index) => [key(index), rebased(parameters, pointer(index))]));
  return { ...(calls.length === 1 ? calls[0] : { anyOf: calls }), $defs: definitions };
}

function key(index: number): string {
  return `tool${index}`;
}

function pointer(index: number): string {
  return `#/$defs/${key(index)}`;
}

/** Inside of another schema, what refers to the root must refer to where the schema stands now. */
function rebased(value: unknown, root: string): unknown {
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
