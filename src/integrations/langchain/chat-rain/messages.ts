import { type AIMessage, BaseMessage, type ChatMessage, type MessageContent, type ToolMessage } from "@langchain/core/messages";
import { complaint, OptionError, type Role, type Turn } from "../../../core/index.ts";
import { MessageError } from "../errors.ts";

/**
 * A conversation of LangChain as turns.
 *
 * @throws {OptionError} when it is empty
 * @throws {MessageError} for a role, a content or an order that cannot be meant
 */
export function turnsOf(messages: readonly BaseMessage[]): readonly Turn[] {
  if (!Array.isArray(messages) || messages.length === 0)
    throw new OptionError("messages", complaint("messages", "a non-empty list of messages", messages), messages);
  const open = new Map<string, string>();
  return messages.map((message, index) => turnOf(message, index, open));
}

/** @param open the turns' ids of calls that have no result yet, by the messages' ids, which may come back in later messages */
function turnOf(message: BaseMessage, index: number, open: Map<string, string>): Turn {
  const text = textOf((message as Partial<BaseMessage> | undefined)?.content ?? "", index);
  if (!BaseMessage.isInstance(message)) throw new MessageError(index, ...otherCore(message));
  const { type } = message;
  switch (type) {
    case "system":
    case "developer":
      return { role: "system", text };
    case "human":
      return { role: "user", text };
    case "ai":
      return callingTurn(message as AIMessage, text, index, open);
    case "tool":
      return { role: "tool", text, callId: answeredCall(message as ToolMessage, index, open) };
    case "generic":
      return { role: roleOf((message as ChatMessage).role, index), text };
    default:
      throw new MessageError(index, "to be a system, human, AI or tool message", `a message of type \`${type}\``);
  }
}

function callingTurn({ tool_calls = [] }: AIMessage, text: string, index: number, open: Map<string, string>): Turn {
  if (tool_calls.length === 0) return { role: "assistant", text };
  const calls = tool_calls.map(({ id, name, args }, nth) => {
    if (id === undefined || id === "" || open.has(id))
      throw new MessageError(index, "to have tool calls with an id each", `\`${id}\` as the id of a call of \`${name}\``);
    const own = `${index}-${nth}`;
    open.set(id, own);
    return { id: own, name, arguments: args };
  });
  return { role: "assistant", text, calls };
}

function answeredCall({ tool_call_id: id, name }: ToolMessage, index: number, open: Map<string, string>): string {
  const own = open.get(id);
  open.delete(id);
  if (own !== undefined) return own;
  const result = `the result of \`${id}\`${name === undefined ? "" : ` (${name})`}, which nobody called`;
  throw new MessageError(
    index,
    "to follow an AI message whose `tool_calls` have its `tool_call_id` (keep both when you trim a history)",
    result,
  );
}

const ROLES: ReadonlyMap<string, Exclude<Role, "tool">> = new Map([
  ["system", "system"],
  ["developer", "system"],
  ["user", "user"],
  ["human", "user"],
  ["assistant", "assistant"],
  ["ai", "assistant"],
]);

function roleOf(role: string, index: number): Role {
  const known = ROLES.get(role);
  if (known !== undefined) return known;
  throw new MessageError(index, "to have one of the roles `system`, `user`, `assistant`", `\`${role}\``);
}

/** A message of another copy of LangChain looks like one of ours, but is not. */
function otherCore(message: unknown): [expected: string, received: string] {
  const isForeign = typeof message === "object" && message !== null && ("_getType" in message || "getType" in message);
  const expected = "to be a message of @langchain/core ^1.2.0";
  return isForeign
    ? [`${expected} (\`npm ls @langchain/core\` shows who brings another one; \`npm dedupe\` leaves one)`, "one of another version"]
    : [expected, `\`${String(message)}\` (${typeof message})`];
}

/** Blocks that a text goes without: calls, which stand elsewhere, thoughts, which were not said, and what providers note beside a text. */
const SILENT: ReadonlySet<unknown> = new Set([
  ...["tool_call", "tool_call_chunk", "invalid_tool_call", "tool_use", "input_json_delta", "function_call", "functionCall"],
  ...["reasoning", "thinking", "redacted_thinking"],
  ...["citation", "citations", "search_result"],
]);

/** What the tools of a provider's own were asked, and gave back: the text behind them says what came of it. */
const SERVER_TOOL = /^server_tool_|^(web_search|file_search|computer|code_interpreter|image_generation|mcp|local_shell)_call|_tool_result$/;

/** What the model cannot see or hear. */
const MEDIA = /image|audio|video|media|file|document/;

/**
 * What a message says, as one text: a string, or blocks of text one behind the other; a refusal, and code that was run, with what came out, are part of it.
 *
 * @throws {MessageError} for a block that is no text, such as an image
 */
export function textOf(content: MessageContent, index: number): string {
  if (typeof content === "string") return content;
  if (Array.isArray(content)) return content.map((block: Block | string) => blockText(block, index)).join("");
  throw new MessageError(index, "to have a text or a list of content blocks", `\`${String(content)}\` (${typeof content})`);
}

type Block = Readonly<Record<string, unknown>>;

function blockText(block: Block | string, index: number): string {
  if (typeof block === "string") return block;
  const { type } = block;
  const said = saidBy(block);
  if (said !== undefined) return said;
  const name = String(type);
  if (SILENT.has(type) || SERVER_TOOL.test(name)) return "";
  const received = `a block of type \`${name}\``;
  if (MEDIA.test(name)) throw new MessageError(index, "to have text only (this model reads no images, audio or files)", received);
  throw new MessageError(index, "to have blocks of text, thoughts and calls (leave others out, or say them as text)", received);
}

/** In the forms of several providers. */
function saidBy(block: Block): string | undefined {
  switch (block["type"]) {
    case "text":
    case "text-plain":
    case "input_text":
    case "output_text":
      return textIn(block, "text");
    case "refusal":
      return textIn(block, "refusal");
    case "executableCode":
      return fenced(block["executableCode"], "code", "language");
    case "codeExecutionResult":
      return fenced(block["codeExecutionResult"], "output");
    default:
      return undefined;
  }
}

function textIn(block: unknown, name: string): string | undefined {
  const text: unknown = typeof block === "object" && block !== null ? Reflect.get(block, name) : undefined;
  return typeof text === "string" ? text : undefined;
}

function fenced(part: unknown, text: string, language?: string): string | undefined {
  const code = textIn(part, text);
  const named = language === undefined ? "" : (textIn(part, language) ?? "").toLowerCase();
  return code === undefined ? undefined : `\n\`\`\`${named}\n${code.trimEnd()}\n\`\`\`\n`;
}
