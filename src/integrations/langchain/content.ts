import type { MessageContent } from "@langchain/core/messages";
import { MessageError } from "./message-error.ts";

type Block = { readonly type?: unknown } & Readonly<Record<string, unknown>>;

/** Blocks that repeat what a message says elsewhere (its tool calls), or what nobody said aloud (thoughts). */
const SILENT: ReadonlySet<unknown> = new Set([
  "tool_call",
  "tool_call_chunk",
  "invalid_tool_call",
  "tool_use",
  "input_json_delta",
  "function_call",
  "reasoning",
  "thinking",
  "redacted_thinking",
]);

/**
 * What a message says, as one text: a string, or blocks of text one behind the other.
 *
 * @throws {MessageError} for a block that is no text, such as an image
 */
export function textOf(content: MessageContent, index: number): string {
  if (typeof content === "string") return content;
  if (Array.isArray(content)) return content.map((block: Block | string) => blockText(block, index)).join("");
  throw new MessageError(index, "to have a text or a list of content blocks", `\`${String(content)}\` (${typeof content})`);
}

function blockText(block: Block | string, index: number): string {
  if (typeof block === "string") return block;
  if (SILENT.has(block.type)) return "";
  if ((block.type === "text" || block.type === "text-plain") && typeof block["text"] === "string") return block["text"];
  throw new MessageError(
    index,
    "to have text only (this model reads no images, audio or files)",
    `a block of type \`${String(block.type)}\``,
  );
}
