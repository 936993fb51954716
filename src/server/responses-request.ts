import { z } from "zod";
import {
  type AskedChat,
  CHAT_NAMES,
  type ChatRequest,
  effort,
  NONE,
  type RequestRules,
  requestOf,
  schemaObject,
  sharedShape,
} from "./chat-request.ts";
import { flag, oneOf, parsed, text, whole } from "./fields.ts";
import { content } from "./messages.ts";
import { type ParameterNames, RequestError } from "./request-error.ts";

const ITEM = "a message, a `function_call`, a `function_call_output` or a `reasoning`";

const part = { id: text.nullish(), status: text.nullish() };

const item = z.union(
  [
    z.strictObject({
      type: z.literal("message").optional(),
      role: oneOf("system", "developer", "user", "assistant"),
      content,
      phase: text.nullish(),
      ...part,
    }),
    z.strictObject({ type: z.literal("function_call"), call_id: text, name: text, arguments: text, ...part }),
    z.strictObject({ type: z.literal("function_call_output"), call_id: text, output: content, ...part }),
    // Of an earlier answer: thoughts are not read again.
    z.looseObject({ type: z.literal("reasoning") }),
  ],
  ITEM,
);

const functionTool = z.strictObject(
  { type: oneOf("function"), name: text, description: text.nullish(), parameters: schemaObject.nullish(), strict: flag.nullish() },
  "a tool of `type` `function`",
);

const textFormat = z.discriminatedUnion(
  "type",
  [
    z.strictObject({ type: z.literal("text") }),
    z.strictObject({ type: z.literal("json_object") }),
    z.strictObject({
      type: z.literal("json_schema"),
      name: text,
      description: text.nullish(),
      schema: schemaObject,
      strict: flag.nullish(),
    }),
  ],
  "of `type` `text`, `json_object` or `json_schema`",
);

const responsesSchema = z.strictObject({
  ...sharedShape,
  input: z.union([text, z.array(item, "a list of items").min(1, "a list of at least one item")], "a text or a list of items"),
  instructions: text.optional(),
  max_output_tokens: whole(1).optional(),
  stream_options: z.strictObject({ include_obfuscation: flag.optional() }, "an object").optional(),
  tools: z.array(functionTool, "a list of tools").optional(),
  tool_choice: z
    .union(
      [z.enum(["none", "auto", "required"]), z.strictObject({ type: z.literal("function"), name: text })],
      "one of `none`, `auto`, `required`, or a function by its name",
    )
    .optional(),
  text: z
    .strictObject({ format: textFormat.nullish(), verbosity: z.literal("medium", NONE).nullish() }, "an object of `format`")
    .optional(),
  reasoning: z
    .strictObject({ effort: effort.nullish(), summary: text.nullish(), generate_summary: text.nullish() }, "an object of `effort`")
    .optional(),
  // What is only of use to who keeps answers.
  include: z.array(oneOf("reasoning.encrypted_content"), "empty").optional(),

  previous_response_id: z.undefined("left out: no answers are kept here, send the whole conversation as `input`").optional(),
  conversation: z.undefined("left out: no conversations are kept here, send the whole one as `input`").optional(),
  background: z.literal(false, NONE).optional(),
  // What the gateway of SGLang writes into every request that it passes on.
  priority: z.literal(0, NONE).optional(),
  top_k: z.literal(-1, NONE).optional(),
  min_p: z.literal(0, NONE).optional(),
  repetition_penalty: z.literal(1, NONE).optional(),
  truncation: oneOf("auto", "disabled").optional(),
  top_logprobs: z.literal(0, NONE).optional(),
});

/** By what parameters of responses options are known. */
export const RESPONSE_NAMES: ParameterNames = { ...CHAT_NAMES, turns: "input", maxTokens: "max_output_tokens", format: "text.format" };

/** What a response is asked for, when it was checked: its answer repeats it. */
export type AskedResponse = z.output<typeof responsesSchema>;

/**
 * The same request, as a chat completion.
 *
 * @throws {RequestError} for what is not supported, and what cannot be meant
 */
export function responsesRequest(body: unknown, rules: RequestRules): { readonly asked: AskedResponse; readonly request: ChatRequest } {
  const asked = parsed(responsesSchema, body);
  try {
    return { asked, request: { ...requestOf(asChat(asked), rules), limit: "max_output_tokens" } };
  } catch (error) {
    // Named as this API names it.
    if (error instanceof RequestError && error.param?.startsWith("messages") === true)
      throw new RequestError(error.message, { status: error.status, code: error.code, param: "input", cause: error });
    throw error;
  }
}

function asChat(asked: AskedResponse): AskedChat {
  const { input, instructions, max_output_tokens, tools, tool_choice: choice, text: written, reasoning } = asked;
  const items = typeof input === "string" ? [{ role: "user" as const, content: input }] : input;
  const lead = instructions === undefined ? [] : [{ role: "system" as const, content: instructions }];
  const shared = Object.fromEntries(Object.keys(sharedShape).map((name) => [name, asked[name as keyof typeof sharedShape]]));
  return {
    ...shared,
    ...(asked.truncation === undefined ? {} : { rain: { ...asked.rain, contextShift: asked.truncation === "auto" } }),
    messages: [...lead, ...messagesOf(items)],
    max_tokens: max_output_tokens,
    tools: tools?.map(({ type, ...of }) => ({ type, function: of })),
    tool_choice: typeof choice === "object" ? { type: "function", function: { name: choice.name } } : choice,
    response_format: formatOf(written?.format ?? undefined),
    reasoning_effort: reasoning?.effort ?? undefined,
  };
}

type Item = z.output<typeof item>;

/** Calls of one turn are items of their own here: they belong to the message in front of them. */
function messagesOf(items: readonly Item[]): AskedChat["messages"] {
  const messages: AskedChat["messages"] = [];
  for (const one of items) {
    if ("role" in one) messages.push({ role: one.role, content: one.content } as AskedChat["messages"][number]);
    else if (one.type === "function_call_output")
      messages.push({ role: "tool", content: one.output, tool_call_id: one.call_id } as AskedChat["messages"][number]);
    else if (one.type === "function_call") {
      const call = {
        id: one.call_id,
        type: "function" as const,
        function: { name: one.name as string, arguments: one.arguments as string },
      };
      const last = messages.at(-1);
      if (last?.role === "assistant") last.tool_calls = [...(last.tool_calls ?? []), call as never];
      else messages.push({ role: "assistant", content: null, tool_calls: [call as never] });
    }
  }
  return messages;
}

function formatOf(format: NonNullable<AskedResponse["text"]>["format"]): AskedChat["response_format"] {
  if (format === undefined || format === null || format.type !== "json_schema") return format ?? undefined;
  const { type, ...json_schema } = format;
  return { type, json_schema };
}
