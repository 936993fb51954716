import { AIMessage, AIMessageChunk, type BaseMessage } from "@langchain/core/messages";
import type { ToolCallChunk } from "@langchain/core/messages/tool";

/** A message as a chunk of its own, with its tool calls as chunks and what is known of its generation. */
export function asChunk(message: BaseMessage, generationInfo: Readonly<Record<string, unknown>> = {}): AIMessageChunk {
  const { content, additional_kwargs, response_metadata, usage_metadata } = message as AIMessageChunk;
  return new AIMessageChunk({
    content: Array.isArray(content) ? [...content] : content,
    additional_kwargs: { ...additional_kwargs },
    response_metadata: { ...generationInfo, ...response_metadata },
    tool_call_chunks: toolCallChunks(message as AIMessageChunk),
    ...(usage_metadata === undefined ? {} : { usage_metadata }),
  });
}

/** The message that chunks have added up to. */
export function asMessage(whole: AIMessageChunk): AIMessage {
  const { content, tool_calls = [], invalid_tool_calls = [], additional_kwargs, response_metadata, usage_metadata } = whole;
  const usage = usage_metadata === undefined ? {} : { usage_metadata };
  return new AIMessage({ content, tool_calls, invalid_tool_calls, additional_kwargs, response_metadata, ...usage });
}

/**
 * The tool calls of a message in the form that adds up: arguments as JSON, numbered. Calls whose arguments are no JSON are left out:
 * nobody can run them, and as chunks they would be mended into calls that the model did not make.
 */
function toolCallChunks({ tool_call_chunks, tool_calls }: Partial<AIMessageChunk>): ToolCallChunk[] {
  if (tool_call_chunks !== undefined && tool_call_chunks.length > 0) return [...tool_call_chunks];
  return (tool_calls ?? []).map(({ name, args, id }, index) => ({
    type: "tool_call_chunk",
    index,
    name,
    args: JSON.stringify(args),
    ...(id === undefined ? {} : { id }),
  }));
}
