import { randomUUID } from "node:crypto";
import {
  checkByRules,
  complaint,
  DEFAULTS,
  type FindJudge,
  isRecord,
  type JsonSchema,
  OptionError,
  type Principle,
  type RainOptions,
} from "../../core/index.ts";
import { type ChatRainCallOptions, decodingOptions, OWN_RULES, type ResponseFormat } from "./chat-rain-fields.ts";
import { toolChoiceOf, toolsOf } from "./tool-definitions.ts";

/**
 * How the core is to write one answer: what the model was made with, and what this call says.
 *
 * @throws {OptionError} for tools, a choice or a format that cannot be meant
 */
export function requestOf(fields: RainOptions, options: Partial<ChatRainCallOptions>): RainOptions {
  const { stop, tools = [], tool_choice, parallel_tool_calls, response_format, onRainEvent, outputVersion } = options;
  checkByRules({ onRainEvent, outputVersion }, OWN_RULES);
  const known = toolsOf(tools);
  return {
    ...fields,
    ...decodingOptions(options),
    ...(stop === undefined ? {} : { stop }),
    ...(known.length === 0 ? {} : { tools: known }),
    ...(tool_choice === undefined ? {} : { toolChoice: toolChoiceOf(tool_choice) }),
    ...(parallel_tool_calls === undefined ? {} : { parallelCalls: parallel_tool_calls }),
    ...(response_format === undefined ? {} : formatOf(response_format)),
  };
}

function formatOf(format: ResponseFormat): Pick<RainOptions, "format"> {
  switch (format?.type) {
    case "text":
      return {};
    case "json_object":
      return { format: { type: "json", schema: { type: "object" } } };
    case "json_schema":
      return { format: { type: "json", schema: schemaIn(format) } };
    default: {
      const received: unknown = format satisfies never;
      throw new OptionError(
        "response_format",
        complaint("response_format", "of type `text`, `json_object` or `json_schema`", received),
        received,
      );
    }
  }
}

function schemaIn({ json_schema: given }: ResponseFormat & { readonly type: "json_schema" }): JsonSchema {
  if (isRecord(given) && isRecord(given.schema)) return given.schema;
  const expected = "`{ schema }`, a schema in an object";
  throw new OptionError("response_format", complaint("response_format.json_schema", expected, given), given);
}

/** A request as plain data: what tells the answers of a cache apart. Defaults that decide the text are in it, so that a new default makes a new key. */
export function dataOf({ judge, ...request }: RainOptions): Record<string, unknown> & { readonly principle: Principle } {
  const { mode, temperature, topK, topP, seed, maxTokens, preset, principle } = DEFAULTS;
  const given = Object.entries(request).filter(([, value]) => typeof value !== "function" && !(value instanceof AbortSignal));
  const judged = typeof judge === "function" ? { judge: idOf(judge) } : {};
  return { mode, preset, temperature, topK, topP, seed, maxTokens, principle, ...Object.fromEntries(given), ...judged };
}

/** A judge that was handed over has nothing by which two could be told apart: in another process it is another one. */
const IDS = new WeakMap<FindJudge, string>();

function idOf(judge: FindJudge): string {
  const id = IDS.get(judge) ?? randomUUID();
  IDS.set(judge, id);
  return id;
}
