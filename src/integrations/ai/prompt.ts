/** Conversations of the AI SDK as turns. */
import type { LanguageModelV4Message, LanguageModelV4Prompt, LanguageModelV4ToolResultOutput } from "@ai-sdk/provider";
import { OptionError, type ToolCall, type Turn } from "../../core/index.ts";

/**
 * What a local model reads.
 *
 * @throws {OptionError} for what it cannot read: nothing is passed over
 */
export function turnsOf(prompt: LanguageModelV4Prompt): readonly Turn[] {
  /** The turns' ids of calls that have no result yet, by the prompt's ids: made anew, as what is read is not to depend on them. */
  const open = new Map<string, string>();
  return prompt.flatMap((message, index) => turnsIn(message, `prompt[${index}]`, open));
}

/** The same as a judge reads it, without what is no text: calls as text, and what a tool gave back as a turn of the user's side. */
export function judgedTurns(prompt: LanguageModelV4Prompt): readonly Turn[] {
  const turns = prompt.map((message): Turn => {
    if (message.role === "system") return { role: "system", text: message.content };
    const text = message.content.map(judgedText).filter((part) => part !== "");
    return { role: message.role === "assistant" ? "assistant" : "user", text: text.join("\n").trim() };
  });
  return turns.filter(({ text }) => text !== "");
}

/** @param input arguments as JSON */
export function callText(name: string, input: string): string {
  return `${name}(${input})`;
}

type Part = Exclude<LanguageModelV4Message["content"], string>[number];

function judgedText(part: Part): string {
  if (part.type === "text") return part.text;
  if (part.type === "tool-call") return callText(part.toolName, JSON.stringify(part.input));
  return part.type === "tool-result" ? resultText(part.output, () => undefined) : "";
}

function turnsIn(message: LanguageModelV4Message, place: string, open: Map<string, string>): readonly Turn[] {
  if (message.role === "system") return [{ role: "system", text: message.content }];
  const calls: ToolCall[] = [];
  const results: Turn[] = [];
  let text = "";
  for (const [index, part] of message.content.entries()) {
    const at = `${place}.content[${index}]`;
    if (part.type === "text") text += part.text;
    else if (part.type === "tool-call") {
      open.set(part.toolCallId, at);
      calls.push({ id: at, name: part.toolName, arguments: argumentsIn(part.input, `${at}.input`) });
    } else if (part.type === "tool-result" && message.role === "tool") {
      const callId = open.get(part.toolCallId);
      if (callId === undefined) throw unreadable(at, "the result of a call before it that has none yet", `one of \`${part.toolCallId}\``);
      open.delete(part.toolCallId);
      results.push({ role: "tool", callId, text: resultText(part.output, (kind) => refuse(at, kind)) });
    } else if (!UNREAD.has(part.type)) refuse(at, part.type);
  }
  if (message.role === "tool") return results;
  return [{ role: message.role, text, ...(calls.length === 0 ? {} : { calls }) }];
}

/** Thoughts of earlier turns, without which templates want them; and approvals, which are between the caller and the SDK: what follows from one is a result, or none. */
const UNREAD: ReadonlySet<Part["type"]> = new Set(["reasoning", "tool-approval-response"]);

function refuse(place: string, kind: string): never {
  throw unreadable(place, "text, a call or its result (this model reads nothing else)", `a part of type \`${kind}\``);
}

function unreadable(place: string, expected: string, received: string): OptionError {
  return new OptionError(place, `Expected \`${place}\` to be ${expected}, got ${received}`, received);
}

function argumentsIn(input: unknown, place: string): ToolCall["arguments"] {
  if (typeof input === "object" && input !== null && !Array.isArray(input)) return input as ToolCall["arguments"];
  throw unreadable(place, "an object", `\`${JSON.stringify(input)}\``);
}

/** @param onUnreadable told of a part that is no text; what it throws ends the reading */
function resultText(output: LanguageModelV4ToolResultOutput, onUnreadable: (kind: string) => void): string {
  switch (output.type) {
    case "text":
    case "error-text":
      return output.value;
    case "json":
    case "error-json":
      return JSON.stringify(output.value);
    case "execution-denied":
      return output.reason ?? "The call was not allowed.";
    case "content":
      return output.value
        .map((part) => {
          if (part.type === "text") return part.text;
          onUnreadable(part.type);
          return "";
        })
        .join("\n");
  }
}
