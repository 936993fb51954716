import { z } from "zod";
import type { ToolCall, Turn } from "../core/index.ts";
import { oneOf, text } from "./fields.ts";
import { RequestError } from "./request-error.ts";

const CONTENT = "a text or a list of parts of `type` `text` (this model reads no images, audio or files)";

const textPart = z.object({ type: oneOf("text", "input_text", "output_text"), text }, CONTENT);
const refusalPart = z.object({ type: oneOf("refusal"), refusal: text }, CONTENT);

/** A text, or parts of one. */
export const content = z.union([text, z.array(z.union([textPart, refusalPart], CONTENT), CONTENT)], CONTENT);

const callAsked = z.object(
  {
    id: text,
    type: oneOf("function").optional(),
    function: z.object({ name: text, arguments: text }, "an object of `name` and `arguments`"),
  },
  "a call: an object of `id`, `type` and `function`",
);

const CALLS = "a list of calls";

/** A message of a chat, as OpenAI's API has it. What a template has no place for is read as text, or refused: nothing is passed over. */
const message = z.discriminatedUnion(
  "role",
  [
    z.strictObject({ role: z.enum(["system", "developer"]), content, name: text.optional() }),
    z.strictObject({ role: z.literal("user"), content, name: text.optional() }),
    z.strictObject({
      role: z.literal("assistant"),
      content: content.nullish(),
      name: text.nullish(),
      refusal: text.nullish(),
      tool_calls: z.array(callAsked, CALLS).nullish(),
      // What earlier answers of this server, and of others, brought along: none of it is read again.
      reasoning_content: text.nullish(),
      annotations: z.array(z.unknown()).max(0, "empty").nullish(),
      audio: z.null("left out").optional(),
      function_call: z.null("left out: `tool_calls` took its place").optional(),
    }),
    z.strictObject({ role: z.literal("tool"), content, tool_call_id: text, name: text.optional() }),
  ],
  "one of `system`, `developer`, `user`, `assistant`, `tool`",
);

export const messages = z.array(message, "a list of messages").min(1, "a list of at least one message");

type Message = z.output<typeof message>;

/**
 * A conversation as turns. Ids of calls are made anew, so that the prompt does not depend on what a client calls them.
 *
 * @throws {RequestError} for a result that nobody asked for, and arguments that are no JSON
 */
export function turnsOf(all: readonly Message[]): readonly Turn[] {
  /** The turns' ids of calls that have no result yet, by the messages' ids, which may come back in later messages. */
  const open = new Map<string, string>();
  const named = { system: namesOf(all, "system", "developer"), assistant: namesOf(all, "assistant") };
  return all.map((one, index) => turnOf(one, { index, open, named }));
}

/** What is known of a conversation while its messages are read. */
interface Reading {
  readonly index: number;
  readonly open: Map<string, string>;
  /** Names that a role has. */
  readonly named: Readonly<Record<"system" | "assistant", ReadonlySet<string>>>;
}

function namesOf(all: readonly Message[], ...roles: readonly Message["role"][]): ReadonlySet<string> {
  return new Set(all.flatMap((one) => (roles.includes(one.role) && "name" in one && typeof one.name === "string" ? [one.name] : [])));
}

/** As speakers are told apart where a template knows no names. An assistant or a system that is the only one of its kind is told apart already: it would begin its own answers so. */
function spoken(said: string, name: string | null | undefined, names?: ReadonlySet<string>): string {
  return typeof name !== "string" || names?.size === 1 ? said : `${name}: ${said}`;
}

function turnOf(one: Message, { index, open, named }: Reading): Turn {
  switch (one.role) {
    case "system":
    case "developer":
      return { role: "system", text: spoken(textOf(one.content), one.name, named.system) };
    case "user":
      return { role: "user", text: spoken(textOf(one.content), one.name) };
    case "assistant": {
      const said = spoken(textOf(one.content ?? one.refusal ?? ""), one.name, named.assistant);
      const asked = one.tool_calls ?? [];
      const calls = asked.map((call, nth): ToolCall => {
        const id = `${index}-${nth}`;
        open.set(call.id, id);
        const at = `messages[${index}].tool_calls[${nth}].function.arguments`;
        return { id, name: call.function.name, arguments: argumentsIn(call.function.arguments, at) };
      });
      return { role: "assistant", text: said, ...(calls.length === 0 ? {} : { calls }) };
    }
    case "tool": {
      const callId = open.get(one.tool_call_id);
      open.delete(one.tool_call_id);
      if (callId !== undefined) return { role: "tool", text: textOf(one.content), callId };
      const param = `messages[${index}].tool_call_id`;
      const message = `Expected \`${param}\` to be the id of a call in a message before it that has no result yet, got \`${one.tool_call_id}\``;
      throw new RequestError(message, { param });
    }
  }
}

function textOf(said: z.output<typeof content>): string {
  if (typeof said === "string") return said;
  return said.map((part) => ("refusal" in part ? part.refusal : part.text)).join("");
}

function argumentsIn(json: string, param: string): ToolCall["arguments"] {
  // Some models leave them out where a tool takes none.
  const value = parsedJson(json.trim() === "" ? "{}" : json);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as ToolCall["arguments"];
  throw new RequestError(`Expected \`${param}\` to be a JSON object in a text, got \`${json.slice(0, 60)}\``, { param });
}

function parsedJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
