/** Steps of an answer as events of LangChain's streaming protocol: blocks that are started, added to, and finished. */
import type { ChatModelStreamEvent, MessageFinishEvent } from "@langchain/core/language_models/event";
import type { FinishReason, RainStep, ToolCall } from "../../core/index.ts";
import { metadataOf, type Reply, usageOf } from "./reply.ts";
import { mapSteps, type Steps } from "./steps.ts";

/** The events of a whole message. Text and calls are blocks of their own, each with its place; a call comes as one piece. */
export async function* protocolEvents(steps: Steps): AsyncGenerator<ChatModelStreamEvent, void, void> {
  yield { event: "message-start" };
  const blocks = new Blocks();
  const reply = yield* mapSteps(steps, (step) => blocks.add(step));
  yield* blocks.finish();
  yield finishOf(reply);
}

/** The blocks of one message, so far. */
class Blocks {
  #next = 0;
  /** The text of the block that is open. */
  #open: string | undefined;

  *add({ text, call }: RainStep): Generator<ChatModelStreamEvent> {
    if (text !== "") yield* this.#text(text);
    if (call !== undefined) yield* this.#call(call);
  }

  *finish(): Generator<ChatModelStreamEvent> {
    if (this.#open === undefined) return;
    yield { event: "content-block-finish", index: this.#next++, content: { type: "text", text: this.#open } };
    this.#open = undefined;
  }

  *#text(text: string): Generator<ChatModelStreamEvent> {
    if (this.#open === undefined) yield { event: "content-block-start", index: this.#next, content: { type: "text", text: "" } };
    this.#open = (this.#open ?? "") + text;
    yield { event: "content-block-delta", index: this.#next, delta: { type: "text-delta", text } };
  }

  *#call({ id, name, arguments: values }: ToolCall): Generator<ChatModelStreamEvent> {
    yield* this.finish();
    const index = this.#next++;
    const args = JSON.stringify(values);
    yield { event: "content-block-start", index, content: { type: "tool_call_chunk", id, name, args: "", index } };
    yield { event: "content-block-delta", index, delta: { type: "block-delta", fields: { type: "tool_call_chunk", id, name, args } } };
    yield { event: "content-block-finish", index, content: { type: "tool_call", id, name, args: { ...values } } };
  }
}

function finishOf(reply: Reply): MessageFinishEvent {
  const reason = REASONS[reply.answer.finishReason];
  return { event: "message-finish", reason, usage: usageOf(reply), responseMetadata: { ...metadataOf(reply) } };
}

/** The protocol has its own word for one of them. */
const REASONS = {
  stop: "stop",
  length: "length",
  content_filter: "content_filter",
  tool_calls: "tool_use",
} as const satisfies Readonly<Record<FinishReason, string>>;
