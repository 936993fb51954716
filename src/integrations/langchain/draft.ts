import { AIMessageChunk } from "@langchain/core/messages";
import type { ToolCall, ToolCallChunk } from "@langchain/core/messages/tool";
import { JudgeError, type Principle } from "../../core/index.ts";
import { factsOf, isName, numbersIn, opaqueIn } from "./provider-facts.ts";

/**
 * What is known of a whole draft. What is released is built of this and nothing else: whatever a provider adds (citations, raw output,
 * fields that nobody has thought of yet) was not judged.
 */
export interface Draft {
  readonly text: string;
  /** What the model thought: people read it too. */
  readonly thoughts: readonly string[];
  /** Tool calls, those with broken arguments included. */
  readonly calls: readonly ToolCallChunk[];
  /** Where the text stands among thoughts and calls; a text where there is nothing else. */
  readonly content: string | readonly Block[];
  /** Additional fields. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** What the provider says of it: numbers and names. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** `usage_metadata`, if it has some. An `object`, as LangChain's types, read with `exactOptionalPropertyTypes`, let no message have any. */
  readonly cost: object;
}

/** @throws {JudgeError} when there is something in it that cannot be read as text, such as a picture */
export function draftOf(message: AIMessageChunk, principle: Principle): Draft {
  const { tool_calls = [], response_metadata, usage_metadata } = message;
  const content =
    typeof message.content === "string" ? message.content : message.content.flatMap((block) => knownBlock(block, tool_calls, principle));
  const fields = fieldsOf(message);
  const { [THOUGHTS]: thoughts } = fields;
  return {
    text: textOf(content),
    thoughts: [...(typeof content === "string" ? [] : content.map(thoughtsIn)), ...(typeof thoughts === "string" ? [thoughts] : [])],
    calls: callsOf(message),
    content,
    fields,
    facts: factsOf(response_metadata),
    cost: usage_metadata === undefined ? {} : { usage_metadata: numbersIn(usage_metadata) },
  };
}

/** What is left to release of a draft, with this text in place of its own. Its usage and facts are told once, at the very end of the answer. */
export function releasedPart({ content, calls, fields, text: own }: Draft, text: string): AIMessageChunk {
  return new AIMessageChunk({
    content: typeof content === "string" ? text : withText(content, text === own ? undefined : text),
    tool_call_chunks: [...calls],
    additional_kwargs: { ...fields },
  });
}

/** The text of a message, as it stands there: LangChain's own `text` leaves out what it takes for thoughts of this or that provider. */
export function textOf(content: AIMessageChunk["content"] | Draft["content"]): string {
  return typeof content === "string" ? content : content.map(({ text }) => (typeof text === "string" ? text : "")).join("");
}

/** Whether a draft is text and nothing else so far, so that its first sentences may be released before its last is there. */
export function isPlain(message: AIMessageChunk): boolean {
  const { content } = message;
  const isText = typeof content === "string" || content.every(({ type, text }) => type === "text" && typeof text === "string");
  return isText && Object.keys(fieldsOf(message)).length === 0;
}

const THOUGHTS = "reasoning_content";

function fieldsOf({ additional_kwargs }: AIMessageChunk): Readonly<Record<string, unknown>> {
  const { [THOUGHTS]: thoughts } = additional_kwargs;
  return { ...(typeof thoughts === "string" ? { [THOUGHTS]: thoughts } : {}), ...opaqueIn(additional_kwargs) };
}

/** With arguments as they were read: as a provider wrote them, they may say more (a key twice, for example). */
function callsOf({ tool_calls = [], invalid_tool_calls = [] }: AIMessageChunk): readonly ToolCallChunk[] {
  const valid = tool_calls.map(({ id, name, args }) => ({ id, name, args: JSON.stringify(args) }));
  const invalid = invalid_tool_calls.map(({ id, name, args }) => ({ id, name: name ?? "", args: args ?? "" }));
  return [...valid, ...invalid].map(({ id, ...call }, index) => ({
    type: "tool_call_chunk",
    index,
    ...call,
    ...(id === undefined ? {} : { id }),
  }));
}

/** The same blocks, with `text`, if it is given, in place of theirs. */
function withText(blocks: readonly Block[], text: string | undefined): string | Block[] {
  if (text === undefined) return [...blocks];
  const others = blocks.filter(({ type }) => type !== "text");
  return others.length === 0 ? text : [{ type: "text", text }, ...others];
}

/** A part of a message's content. */
type Block = Exclude<AIMessageChunk["content"], string>[number];

/** In what a block of one kind is known: words, which are judged, and what only the provider can read. */
interface Kind {
  readonly words: readonly string[];
  readonly opaque: readonly string[];
}

const KINDS: ReadonlyMap<unknown, Kind> = new Map<unknown, Kind>([
  ["text", { words: ["text"], opaque: [] }],
  ["thinking", { words: ["thinking"], opaque: [] }],
  ["reasoning", { words: ["reasoning"], opaque: ["id", "encrypted_content"] }],
  ["redacted_thinking", { words: [], opaque: ["data"] }],
]);

/** Blocks that repeat a message's tool calls, which are judged and released as such. */
const REPEATED_CALLS: ReadonlySet<unknown> = new Set([
  "tool_call",
  "tool_call_chunk",
  "invalid_tool_call",
  "input_json_delta",
  "function_call",
  "functionCall",
]);

/**
 * A block of its known fields alone; nothing where none are left.
 *
 * @throws {JudgeError} for a block of another kind, such as a picture: what cannot be judged is not released
 */
function knownBlock(block: Block, calls: readonly ToolCall[], { name }: Principle): readonly Block[] {
  const { type } = block;
  if (REPEATED_CALLS.has(type)) return [];
  // One provider reads calls nowhere else, so this block is kept, and says what the call says.
  if (type === "tool_use") return calls.filter(({ id }) => id === block["id"]).map(toolUse);
  const kind = KINDS.get(type);
  if (kind !== undefined) return withKnownFields(block, kind);
  const received = isName(type) ? `a block of type \`${type}\`` : "a block without a type";
  throw new JudgeError(name, `Expected an answer of text and tool calls, got ${received} (nobody can judge it)`);
}

/** What the model thought, in a block of known fields. */
function thoughtsIn(block: Block): string {
  const { reasoning, thinking, summary = [] } = block as { reasoning?: string; thinking?: string; summary?: readonly SummaryPart[] };
  return [reasoning, thinking, ...summary.map(({ text }) => text)].filter((part) => part !== undefined).join("\n");
}

interface SummaryPart {
  readonly type: "summary_text";
  readonly text: string;
}

function toolUse({ id, name, args }: ToolCall): Block {
  return { type: "tool_use", ...(id === undefined ? {} : { id }), name, input: args };
}

function withKnownFields(block: Block, { words, opaque }: Kind): readonly Block[] {
  const { type, summary } = block;
  const said = Object.entries(block).filter(([name, value]) => words.includes(name) && typeof value === "string");
  const known = { ...Object.fromEntries(said), ...(type === "reasoning" ? summaryOf(summary) : {}), ...opaqueIn(block, opaque) };
  return Object.keys(known).length === 0 ? [] : [{ type, ...known } as Block];
}

function summaryOf(summary: unknown): { readonly summary?: readonly SummaryPart[] } {
  if (!Array.isArray(summary)) return {};
  const texts = summary.map((part: { readonly text?: unknown } | null) => part?.text).filter((text) => typeof text === "string");
  return { summary: texts.map((text) => ({ type: "summary_text", text })) };
}
