import type { ToolDefinition } from "@langchain/core/language_models/base";
import type { BindToolsInput, ToolChoice as LangChainToolChoice } from "@langchain/core/language_models/chat_models";
import { convertToOpenAITool } from "@langchain/core/utils/function_calling";
import { isSerializableSchema, type SerializableSchema } from "@langchain/core/utils/standard_schema";
import { type InteropZodType, isInteropZodSchema } from "@langchain/core/utils/types";
import { complaint, isRecord, OptionError, type Tool, type ToolChoice } from "../../../core/index.ts";
import { noJsonSchema } from "../errors.ts";
import { jsonSchemaOf, validityOf } from "./json-schema.ts";

/**
 * Tools in any form that LangChain knows: its own tools, runnables as tools, `{ name, schema }`, and OpenAI's format; a schema may be
 * of zod 3 or 4, or JSON.
 *
 * @throws {OptionError} for what is none of these
 */
export function toolsOf(given: readonly BindToolsInput[]): readonly Tool[] {
  if (!Array.isArray(given)) throw new OptionError("tools", complaint("tools", "a list", given), given);
  return given.map(toolOf);
}

/** The same in OpenAI's format: plain data, but for what is asked of the arguments besides. */
export function definitionsOf(given: readonly BindToolsInput[]): ToolDefinition[] {
  return toolsOf(given).map(({ description, ...tool }) => ({
    type: "function",
    function: { ...tool, ...(description === undefined ? {} : { description }) },
  }));
}

function toolOf(given: BindToolsInput, index: number): Tool {
  const definition = definitionIn(given);
  if (!isDefinition(definition)) {
    const expected = 'a tool: one made by `tool()`, `{ name, schema }`, or `{ type: "function", function: { name, parameters } }`';
    throw new OptionError("tools", complaint(`tools[${index}]`, expected, given), given);
  }
  // Which draft a schema is of costs the model tokens, and tells it nothing.
  const { $schema: _, ...parameters } = definition.parameters ?? NO_PARAMETERS;
  const { name, description, isValid } = definition;
  return {
    name,
    ...(description === undefined ? {} : { description }),
    parameters,
    ...(typeof isValid === "function" ? { isValid } : {}),
  };
}

function definitionIn(given: BindToolsInput): unknown {
  if (!isRecord(given)) return undefined;
  try {
    return isStructured(given) ? withJsonSchema(given) : convertToOpenAITool(given).function;
  } catch (cause) {
    throw noJsonSchema("tools", given, cause);
  }
}

/** A tool with a schema of zod, or of another library that can say it as JSON. */
interface StructuredTool {
  readonly name: string;
  readonly description?: string;
  readonly schema: InteropZodType | SerializableSchema;
}

function isStructured(given: object): given is StructuredTool {
  return "name" in given && "schema" in given && (isInteropZodSchema(given.schema) || isSerializableSchema(given.schema));
}

function withJsonSchema({ name, description, schema }: StructuredTool): Partial<Tool> {
  return { name, description, parameters: jsonSchemaOf(schema), isValid: validityOf(schema) };
}

function isDefinition(value: unknown): value is Partial<Tool> & { readonly name: string } {
  if (!isRecord(value)) return false;
  const { name, parameters } = value as { readonly name?: unknown; readonly parameters?: unknown };
  return typeof name === "string" && (parameters === undefined || isRecord(parameters));
}

const NO_PARAMETERS: Readonly<Record<string, unknown>> = { type: "object", properties: {} };

/**
 * `auto`, `any` (also called `required`), `none`, the name of a tool, or `{ type: "function", function: { name } }`.
 *
 * @throws {OptionError} for anything else
 */
export function toolChoiceOf(choice: LangChainToolChoice): ToolChoice {
  if (choice === "auto" || choice === "any" || choice === "none") return choice;
  if (choice === "required") return "any";
  const name = typeof choice === "string" ? choice : nameIn(choice);
  if (name !== undefined) return { name };
  throw new OptionError("tool_choice", complaint("tool_choice", "`auto`, `any`, `none` or the name of a tool", choice), choice);
}

function nameIn(choice: unknown): string | undefined {
  if (!isRecord(choice)) return undefined;
  const named: unknown = "function" in choice ? choice.function : choice;
  return typeof named === "object" && named !== null && "name" in named && typeof named.name === "string" ? named.name : undefined;
}
