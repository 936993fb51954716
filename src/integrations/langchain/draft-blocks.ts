import type { AIMessageChunk } from "@langchain/core/messages";
import type { ToolCall } from "@langchain/core/messages/tool";
import { JudgeError, type Principle } from "../../core/index.ts";
import { isName, opaqueIn } from "./provider-facts.ts";

/** A part of a message's content. */
export type Block = Exclude<AIMessageChunk["content"], string>[number];

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
export function knownBlock(block: Block, calls: readonly ToolCall[], { name }: Principle): readonly Block[] {
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
export function thoughtsIn(block: Block): string {
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
