import { type AIMessage, BaseMessage, type ChatMessage, type ToolMessage } from "@langchain/core/messages";
import { complaint, OptionError, type Role, type Turn } from "../../core/index.ts";
import { textOf } from "./content.ts";
import { MessageError } from "./message-error.ts";

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
  return messages.map((message, index) => turnOf(message, { index, open }));
}

interface Place {
  readonly index: number;
  /** Calls that were made and have no result yet. Ids may come back in later turns; the ids of turns do not. */
  readonly open: Map<string, string>;
}

function turnOf(message: BaseMessage, place: Place): Turn {
  const { index } = place;
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
      return calling(message as AIMessage, text, place);
    case "tool":
      return { role: "tool", text, callId: answered(message as ToolMessage, place) };
    case "generic":
      return { role: roleOf((message as ChatMessage).role, index), text };
    default:
      throw new MessageError(index, "to be a system, human, AI or tool message", `a message of type \`${type}\``);
  }
}

function calling({ tool_calls = [] }: AIMessage, text: string, { index, open }: Place): Turn {
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

function answered({ tool_call_id: id, name }: ToolMessage, { index, open }: Place): string {
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
