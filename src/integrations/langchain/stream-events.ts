import type { ChatModelStreamEvent, FinishReason } from "@langchain/core/language_models/event";
import { AIMessageChunk, type ContentBlock } from "@langchain/core/messages";

/**
 * Released chunks as events of LangChain's newest streaming protocol: text as it comes, everything else as whole blocks, and the true
 * reason of the end with the metadata (the default bridge says "stop" and drops them).
 */
export async function* streamEventsOf(chunks: AsyncIterable<AIMessageChunk>): AsyncGenerator<ChatModelStreamEvent, void, void> {
  let whole = new AIMessageChunk("");
  let blocks = 0;
  let textBlock: number | undefined;
  yield { event: "message-start" };
  for await (const chunk of chunks) {
    whole = whole.concat(chunk);
    for (const thought of thoughtsOf(chunk)) yield* wholeBlock(thought, blocks++);
    if (chunk.text === "") continue;
    if (textBlock === undefined) {
      textBlock = blocks++;
      yield { event: "content-block-start", index: textBlock, content: { type: "text", text: "" } };
    }
    yield { event: "content-block-delta", index: textBlock, delta: { type: "text-delta", text: chunk.text } };
  }
  if (textBlock !== undefined) yield { event: "content-block-finish", index: textBlock, content: { type: "text", text: whole.text } };
  for (const call of callsOf(whole)) yield* wholeBlock(call, blocks++);
  const { usage_metadata: usage, response_metadata: responseMetadata } = whole;
  yield { event: "message-finish", reason: reasonOf(whole), responseMetadata, ...(usage === undefined ? {} : { usage }) };
}

const THOUGHTS: ReadonlySet<unknown> = new Set(["reasoning", "thinking", "redacted_thinking"]);

function thoughtsOf({ content }: AIMessageChunk): readonly ContentBlock[] {
  return typeof content === "string" ? [] : content.filter(({ type }) => THOUGHTS.has(type));
}

function callsOf({ tool_calls = [], invalid_tool_calls = [] }: AIMessageChunk): readonly ContentBlock[] {
  const valid = tool_calls.map((call) => ({ ...call, type: "tool_call" }));
  const invalid = invalid_tool_calls.map((call) => ({ ...call, type: "invalid_tool_call" }));
  return [...valid, ...invalid] as readonly ContentBlock[];
}

function* wholeBlock(block: ContentBlock, index: number): Generator<ChatModelStreamEvent, void, void> {
  const { type, id, name, args } = block as ContentBlock & { readonly id?: string; readonly name?: string; readonly args?: unknown };
  if (type !== "tool_call") {
    yield { event: "content-block-start", index, content: block };
    yield { event: "content-block-finish", index, content: block };
    return;
  }
  const chunk = { type: "tool_call_chunk" as const, ...(id === undefined ? {} : { id }), ...(name === undefined ? {} : { name }) };
  yield { event: "content-block-start", index, content: { ...chunk, args: "" } };
  yield { event: "content-block-delta", index, delta: { type: "block-delta", fields: { ...chunk, args: JSON.stringify(args) } } };
  yield { event: "content-block-finish", index, content: block };
}

function reasonOf({ response_metadata, tool_calls = [] }: AIMessageChunk): FinishReason {
  const { finish_reason } = response_metadata as { readonly finish_reason?: unknown };
  if (finish_reason === "length" || finish_reason === "content_filter") return finish_reason;
  return tool_calls.length > 0 ? "tool_use" : "stop";
}
