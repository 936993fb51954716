/** Released chunks on the two ways in which LangChain streams a chat model. */
import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import type { ChatModelStreamEvent, FinishReason } from "@langchain/core/language_models/event";
import { AIMessageChunk, type ContentBlock, type ToolCall } from "@langchain/core/messages";
import { ChatGenerationChunk } from "@langchain/core/outputs";

/** For `_streamResponseChunks`; callbacks are told too. */
export async function* generationChunks(
  chunks: AsyncIterable<AIMessageChunk>,
  run: CallbackManagerForLLMRun | undefined,
): AsyncGenerator<ChatGenerationChunk, void, void> {
  for await (const message of chunks) {
    const chunk = new ChatGenerationChunk({ text: message.text, message });
    yield chunk;
    await run?.handleLLMNewToken(chunk.text, undefined, undefined, undefined, undefined, { chunk });
  }
}

/**
 * For `_streamChatModelEvents`, LangChain's newest streaming protocol: text as it comes, all else as whole blocks, and the true
 * reason of the end with the metadata (the default bridge says "stop", drops metadata, and loses a call that shares its index with text).
 *
 * @param chunks each call whole in one of them; usage and metadata add up
 */
export async function* protocolEvents(chunks: AsyncIterable<AIMessageChunk>): AsyncGenerator<ChatModelStreamEvent, void, void> {
  const blocks = new Blocks();
  let account = new AIMessageChunk("");
  let hasCalls = false;
  yield { event: "message-start" };
  for await (const chunk of chunks) {
    const { tool_calls = [], invalid_tool_calls = [] } = chunk;
    for (const block of wholeBlocksOf(chunk)) yield* blocks.whole(block);
    if (chunk.text !== "") yield* blocks.text(chunk.text);
    for (const call of tool_calls) yield* blocks.call(call);
    for (const call of invalid_tool_calls) yield* blocks.whole({ ...call, type: "invalid_tool_call" } as ContentBlock);
    hasCalls ||= tool_calls.length > 0;
    const { response_metadata, usage_metadata: usage } = chunk;
    account = account.concat(
      new AIMessageChunk({ content: "", response_metadata, ...(usage === undefined ? {} : { usage_metadata: usage }) }),
    );
  }
  yield* blocks.endText();
  const { usage_metadata: usage, response_metadata: responseMetadata } = account;
  const reason = reasonOf(responseMetadata["finish_reason"], hasCalls);
  yield { event: "message-finish", reason, responseMetadata, ...(usage === undefined ? {} : { usage }) };
}

/** The blocks of one message, so far: numbered as they begin. */
class Blocks {
  #count = 0;
  /** The block of text that is open. */
  #open: { readonly index: number; text: string } | undefined;

  *text(text: string): Generator<ChatModelStreamEvent> {
    if (this.#open === undefined) {
      this.#open = { index: this.#count++, text: "" };
      yield { event: "content-block-start", index: this.#open.index, content: { type: "text", text: "" } };
    }
    this.#open.text += text;
    yield { event: "content-block-delta", index: this.#open.index, delta: { type: "text-delta", text } };
  }

  *endText(): Generator<ChatModelStreamEvent> {
    if (this.#open === undefined) return;
    const { index, text } = this.#open;
    this.#open = undefined;
    yield { event: "content-block-finish", index, content: { type: "text", text } };
  }

  *call({ id, name, args }: ToolCall): Generator<ChatModelStreamEvent> {
    yield* this.endText();
    const index = this.#count++;
    const chunk = { type: "tool_call_chunk", name, ...(id === undefined ? {} : { id }) } as const;
    yield { event: "content-block-start", index, content: { ...chunk, args: "", index } };
    yield { event: "content-block-delta", index, delta: { type: "block-delta", fields: { ...chunk, args: JSON.stringify(args) } } };
    yield { event: "content-block-finish", index, content: { ...chunk, type: "tool_call", args } };
  }

  *whole(content: ContentBlock): Generator<ChatModelStreamEvent> {
    const index = this.#count++;
    yield { event: "content-block-start", index, content };
    yield { event: "content-block-finish", index, content };
  }
}

/** What comes as text, or as calls. */
const APART: ReadonlySet<unknown> = new Set(["text", "tool_use"]);

/** Thoughts, and what a provider adds. */
function wholeBlocksOf({ content }: AIMessageChunk): readonly ContentBlock[] {
  return typeof content === "string" ? [] : content.filter(({ type }) => !APART.has(type));
}

/** The protocol has its own word for calls. */
function reasonOf(finishReason: unknown, hasCalls: boolean): FinishReason {
  if (finishReason === "length" || finishReason === "content_filter") return finishReason;
  return hasCalls ? "tool_use" : "stop";
}
