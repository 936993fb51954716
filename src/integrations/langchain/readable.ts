import type { AIMessageChunk, BaseMessage } from "@langchain/core/messages";
import type { Turn } from "../../core/index.ts";
import type { Draft } from "./draft.ts";
import { isName } from "./provider-facts.ts";

/** What is judged of an answer. */
export interface Judged {
  /** Its text, and what the model thought before it. */
  readonly text: boolean;
  /** Names and arguments of its tool calls. */
  readonly toolCalls: boolean;
}

/**
 * All of an answer that a person could read: thoughts, text, tool calls.
 *
 * @param text the answer so far
 * @param draft what it ends with, once that is whole
 */
export function readable(text: string, draft: Draft | undefined, judged: Judged): string {
  const { thoughts = [], calls = [] } = draft ?? {};
  const said = judged.text ? [...thoughts, text] : [];
  const called = judged.toolCalls ? calls.map(wordsOf) : [];
  return [...said, ...called].filter((part) => part.trim() !== "").join("\n");
}

/** A conversation as the judge reads it. What a tool gave back is a turn of the user's side. */
export function turnsOf(messages: readonly BaseMessage[]): readonly Turn[] {
  const turns = messages.map((message): Turn => {
    const { type, text } = message;
    if (type === "ai") return { role: "assistant", text: [text, ...callsOf(message)].join("\n").trim() };
    return { role: type === "system" || type === "developer" ? "system" : "user", text };
  });
  return turns.filter(({ text }) => text !== "");
}

/** An id goes along unread, unless somebody wrote a text there. */
function wordsOf({ id, name, args }: Draft["calls"][number]): string {
  const call = `${name}(${args})`;
  return id === undefined || isName(id) ? call : `${call} ${id}`;
}

function callsOf(message: BaseMessage): string[] {
  const { tool_calls, invalid_tool_calls } = message as Partial<AIMessageChunk>;
  const valid = (tool_calls ?? []).map(({ name, args }) => `${name}(${JSON.stringify(args)})`);
  const invalid = (invalid_tool_calls ?? []).map(({ name, args }) => `${name ?? ""}(${args ?? ""})`);
  return [...valid, ...invalid];
}
