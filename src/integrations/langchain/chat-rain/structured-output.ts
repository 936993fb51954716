import type { BaseLanguageModelInput, StructuredOutputMethodOptions } from "@langchain/core/language_models/base";
import {
  assembleStructuredOutputPipeline,
  createContentParser,
  createFunctionCallingParser,
} from "@langchain/core/language_models/structured_output";
import { AIMessageChunk, type BaseMessage } from "@langchain/core/messages";
import { JsonOutputParser } from "@langchain/core/output_parsers";
import { Runnable, type RunnableConfig, RunnableLambda } from "@langchain/core/runnables";
import { isSerializableSchema, type SerializableSchema } from "@langchain/core/utils/standard_schema";
import { type InteropZodType, isInteropZodSchema } from "@langchain/core/utils/types";
import { complaint, OptionError } from "../../../core/index.ts";
import { noJsonSchema, StructuredOutputError } from "../errors.ts";
import { asChunk } from "../unseen-call.ts";
import type { ChatRain } from "./chat-rain.ts";
import { datedJsonSchema, readingDates } from "./dates.ts";
import type { ResponseFormat } from "./fields.ts";
import { asksMore, validityOf } from "./json-schema.ts";

/** A schema in any of the forms that LangChain takes; an `object` is a JSON schema, or a function definition with one. */
export type OutputSchema<Output extends object> = InteropZodType<Output> | SerializableSchema<Output> | object;

/** The model, and a parser behind it. The answer is constrained while it is written, so it always parses, unless it is cut or refused. */
export function structuredOutput(
  model: Pick<ChatRain, "withConfig" | "bindTools">,
  schema: OutputSchema<object>,
  config: StructuredOutputMethodOptions<boolean> = {},
): Runnable {
  if (typeof schema !== "object" || schema === null)
    throw new OptionError("schema", complaint("schema", "a zod schema or a JSON schema", schema), schema);
  const { name = nameOf(schema), method = "jsonSchema", includeRaw = false } = config;
  const json = schemaOf(schema);
  const reader = isInteropZodSchema(schema) && mentionsDates(json) ? readingDates(schema) : schema;
  const isTyped = isInteropZodSchema(schema) || isSerializableSchema(schema);
  const isValid = validityOf(reader);
  const ls_structured_output_format = { kwargs: { method }, schema: json };
  if (method === "functionCalling") {
    const description = typeof json["description"] === "string" ? json["description"] : "Gives the answer.";
    const tool = { type: "function", function: { name, description, parameters: json, isValid } } as const;
    const bound = model.bindTools([tool], { tool_choice: name, ls_structured_output_format });
    const parser = createFunctionCallingParser(reader, name);
    // What parses a stream would give values of it that nobody checked.
    const last = isTyped ? RunnableLambda.from((message: AIMessageChunk, config) => parser.invoke(message, config)) : parser;
    return assemble(bound, last, includeRaw);
  }
  if (method !== "jsonSchema" && method !== "jsonMode")
    throw new OptionError("method", complaint("method", "one of `jsonSchema`, `functionCalling`, `jsonMode`", method), method);
  const checked = isValid === undefined ? {} : { isValid: (text: string) => isValid(JSON.parse(text)), inSteps: !asksMore(schema) };
  const response_format: ResponseFormat =
    method === "jsonSchema" ? { type: "json_schema", json_schema: { name, schema: json, ...checked } } : { type: "json_object" };
  const parser = createContentParser(reader);
  return assemble(
    model.withConfig({ response_format, ls_structured_output_format }),
    isTyped ? new GrowingValue(parser) : parser,
    includeRaw,
  );
}

type Parser = Runnable<AIMessageChunk, Value>;

type Value = Record<string, unknown>;

function assemble(model: Runnable<BaseLanguageModelInput, AIMessageChunk>, parser: Parser, includeRaw: boolean): Runnable {
  const whole = new WholeAnswer();
  // Where nothing else is wanted, the parser is the last step itself: nested in another sequence it would stream nothing.
  return includeRaw
    ? assembleStructuredOutputPipeline(model, whole.pipe(parser), true, "StructuredOutput")
    : assembleStructuredOutputPipeline(model.pipe(whole), parser, false, "StructuredOutput");
}

/** A value that a library's own schema makes of a whole answer. While it is streamed, what there is of it as JSON; in the end the value. */
class GrowingValue extends Runnable<AIMessageChunk, Value> {
  override lc_namespace = ["rain-align", "langchain"];
  readonly #parser: Parser;

  constructor(parser: Parser) {
    super();
    this.#parser = parser;
  }

  override async invoke(message: AIMessageChunk, config?: Partial<RunnableConfig>): Promise<Value> {
    return await this.#parser.invoke(message, config);
  }

  override async *transform(parts: AsyncGenerator<AIMessageChunk>, config?: Partial<RunnableConfig>): AsyncGenerator<Value> {
    let whole = new AIMessageChunk("");
    const read = (async function* () {
      for await (const part of parts) {
        whole = whole.concat(part);
        yield part;
      }
    })();
    for await (const part of new JsonOutputParser().transform(read, {})) if (!isJson(whole.text)) yield part;
    yield await this.invoke(whole, config);
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Hands an answer to its parser, part by part, and fails where it was ended before it was whole. */
class WholeAnswer extends Runnable<BaseMessage, AIMessageChunk> {
  override lc_namespace = ["rain-align", "langchain"];

  override async invoke(message: BaseMessage): Promise<AIMessageChunk> {
    const { finish_reason: reason } = message.response_metadata;
    if (reason === "length" || reason === "content_filter") throw new StructuredOutputError(reason);
    // LangChain's parsers look for a fence of Markdown, which may stand within a string; what they read as it comes is no list of blocks.
    return Object.assign(asChunk(message), { content: message.text.replaceAll("`", "\\u0060") });
  }

  override async *transform(parts: AsyncGenerator<BaseMessage>): AsyncGenerator<AIMessageChunk> {
    for await (const part of parts) yield await this.invoke(part);
  }
}

/** OpenAI's function definitions are taken, too: a name, and the schema under `parameters`. */
function schemaOf(schema: OutputSchema<object>): Readonly<Record<string, unknown>> {
  if (isInteropZodSchema(schema) || isSerializableSchema(schema)) return convertedSchema(schema);
  const { name, parameters }: { readonly name?: unknown; readonly parameters?: unknown } = schema;
  const isDefinition = typeof name === "string" && typeof parameters === "object" && parameters !== null;
  return isDefinition ? { ...parameters } : { ...schema };
}

function convertedSchema(schema: InteropZodType | SerializableSchema): Readonly<Record<string, unknown>> {
  try {
    return datedJsonSchema(schema);
  } catch (cause) {
    throw noJsonSchema("schema", schema, cause);
  }
}

function mentionsDates(json: object): boolean {
  return JSON.stringify(json).includes('"format":"date-time"');
}

function nameOf(schema: object): string {
  for (const key of ["name", "title"] as const) {
    const name: unknown = Reflect.get(schema, key);
    if (typeof name === "string" && name !== "" && !isInteropZodSchema(schema)) return name;
  }
  return "extract";
}
