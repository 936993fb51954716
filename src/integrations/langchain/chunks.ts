/** Steps of an answer as LangChain's messages. */
import { AIMessage, AIMessageChunk, type ToolCall as LangChainToolCall, type MessageOutputVersion } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";
import type { ToolCall } from "../../core/index.ts";
import { metadataOf, type Reply, usageOf } from "./reply.ts";
import { mapSteps, type Steps } from "./steps.ts";

/** A message piece by piece. The last one has nothing to read: usage, which is added up over pieces and so stands in it alone, and metadata. */
export async function* chunksOf(steps: Steps, version: MessageOutputVersion): AsyncGenerator<ChatGenerationChunk, void, void> {
  let calls = 0;
  const last = yield* mapSteps(steps, ({ text, call }) => [
    ...(text === "" ? [] : [chunkOf(text, { content: contentOf(text, version) })]),
    ...(call === undefined ? [] : [chunkOf("", { content: contentOf("", version), tool_call_chunks: [toolCallChunk(call, calls++)] })]),
  ]);
  yield chunkOf("", { content: contentOf("", version), ...accountOf(last) });
}

/** A whole message, of the same steps. */
export async function resultOf(steps: Steps, version: MessageOutputVersion): Promise<ChatResult> {
  const calls: LangChainToolCall[] = [];
  let text = "";
  let next = await steps.next();
  for (; !next.done; next = await steps.next()) {
    text += next.value.text;
    if (next.value.call !== undefined) calls.push(toolCall(next.value.call));
  }
  const { input_tokens, output_tokens, total_tokens } = usageOf(next.value);
  const message = new AIMessage({ content: contentOf(text, version), tool_calls: calls, ...accountOf(next.value) });
  const tokenUsage = { promptTokens: input_tokens, completionTokens: output_tokens, totalTokens: total_tokens };
  return { generations: [{ text, message }], llmOutput: { tokenUsage } };
}

function chunkOf(text: string, fields: ConstructorParameters<typeof AIMessageChunk>[0]): ChatGenerationChunk {
  return new ChatGenerationChunk({ text, message: new AIMessageChunk(fields) });
}

/** As blocks, pieces with one index are one block in the end. */
function contentOf(text: string, version: MessageOutputVersion) {
  if (version === "v0") return text;
  return text === "" ? [] : [{ type: "text" as const, text, index: 0 }];
}

/** An `object`, as LangChain's types, read with `exactOptionalPropertyTypes`, let no message have any usage. */
function accountOf(reply: Reply): object {
  return { usage_metadata: usageOf(reply), response_metadata: metadataOf(reply) };
}

function toolCall({ id, name, arguments: args }: ToolCall): LangChainToolCall {
  return { type: "tool_call", id, name, args: { ...args } };
}

function toolCallChunk({ id, name, arguments: args }: ToolCall, index: number) {
  return { type: "tool_call_chunk", id, name, args: JSON.stringify(args), index } as const;
}
