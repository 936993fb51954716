import type { AIMessageChunk, BaseMessage } from "@langchain/core/messages";
import { JudgeError, type Principle, type Turn } from "../../core/index.ts";

/** What is judged of an answer. */
export interface Judged {
  /** Its text, and what the model thought before it. */
  readonly text: boolean;
  /** Names and arguments of its tool calls. */
  readonly toolCalls: boolean;
  readonly principle: Principle;
}

type Block = { readonly type?: unknown } & Readonly<Record<string, unknown>>;

/** Blocks that say nothing of their own: tool calls, which are judged as such, and what only the provider can read. */
const MUTE: ReadonlySet<unknown> = new Set([
  "tool_use",
  "tool_call",
  "tool_call_chunk",
  "input_json_delta",
  "function_call",
  "redacted_thinking",
]);

/**
 * All of an answer that a person could read: thoughts, text, tool calls.
 *
 * @param text the answer so far
 * @param draft the message that it ends with, once that is whole
 * @throws {JudgeError} when there is something in it that cannot be read as text, such as a picture: what cannot be judged is not released
 */
export function readable(text: string, draft: AIMessageChunk | undefined, judged: Judged): string {
  const thoughts = draft === undefined ? [] : thoughtsOf(draft, judged.principle);
  const said = judged.text ? [...thoughts, text] : [];
  const calls = judged.toolCalls && draft !== undefined ? callsOf(draft) : [];
  return [...said, ...calls].filter((part) => part.trim() !== "").join("\n");
}

/** Whether a draft is text and nothing else, so that its first sentences may be released before its last is there. */
export function isPlain({ content, additional_kwargs }: BaseMessage): boolean {
  const isText = typeof content === "string" || content.every(({ type }) => type === "text");
  return isText && Object.keys(additional_kwargs).every((key) => !isKept(key));
}

/** Of the additional fields, those that were judged and those that only the provider can read. All others nobody has judged. */
export function keptFields(fields: BaseMessage["additional_kwargs"]): BaseMessage["additional_kwargs"] {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => isKept(key)));
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

const THOUGHTS = "reasoning_content";

function isKept(key: string): boolean {
  return key === THOUGHTS || /^_*(\w+_)?(thought_?)?signatures?_*$/i.test(key);
}

function thoughtsOf({ content, additional_kwargs }: BaseMessage, principle: Principle): string[] {
  const blocks = typeof content === "string" ? [] : content.map((block) => thoughtOf(block, principle));
  const { [THOUGHTS]: thoughts } = additional_kwargs;
  if (thoughts === undefined || thoughts === null) return blocks;
  if (typeof thoughts === "string") return [...blocks, thoughts];
  throw new JudgeError(principle.name, `Expected thoughts as text, got \`${THOUGHTS}\` of another kind (nobody can judge it)`);
}

function thoughtOf(block: Block, { name }: Principle): string {
  if (block.type === "text" || MUTE.has(block.type)) return "";
  if (block.type === "reasoning" || block.type === "thinking")
    return [block["reasoning"], block["thinking"], ...summaryOf(block["summary"])].filter((part) => typeof part === "string").join("\n");
  throw new JudgeError(
    name,
    `Expected an answer of text and tool calls, got a block of type \`${String(block.type)}\` (nobody can judge it)`,
  );
}

function summaryOf(summary: unknown): unknown[] {
  return Array.isArray(summary) ? summary.map((part: Block) => part["text"]) : [];
}

function callsOf(message: BaseMessage): string[] {
  const { tool_calls, invalid_tool_calls } = message as Partial<AIMessageChunk>;
  const valid = (tool_calls ?? []).map(({ name, args }) => `${name}(${JSON.stringify(args)})`);
  const invalid = (invalid_tool_calls ?? []).map(({ name, args }) => `${name ?? ""}(${args ?? ""})`);
  return [...valid, ...invalid];
}
