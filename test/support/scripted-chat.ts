import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import {
  BaseChatModel,
  type BaseChatModelCallOptions,
  type BaseChatModelParams,
  type BindToolsInput,
} from "@langchain/core/language_models/chat_models";
import { AIMessage, AIMessageChunk, type BaseMessage } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";
import type { Runnable } from "@langchain/core/runnables";

/** What a scripted model answers: to these messages, when it is asked for the `call`-th time, from 0. */
export type Reply = (messages: readonly BaseMessage[], call: number) => string | AIMessage | Error;

/** One call of a scripted model, as the model saw it. */
export interface ChatCallRecord {
  readonly messages: readonly BaseMessage[];
  readonly options: BaseChatModelCallOptions;
}

export interface ScriptedChatFields extends BaseChatModelParams {
  readonly reply: Reply;
  /** @default true: word by word */
  readonly streams?: boolean;
}

/** A chat model by script, as a provider would build one: it streams words, takes tools, counts usage. */
export class ScriptedChat extends BaseChatModel<BaseChatModelCallOptions, AIMessageChunk> {
  readonly calls: ChatCallRecord[] = [];
  readonly #reply: Reply;

  constructor({ reply, streams = true, ...fields }: ScriptedChatFields) {
    super(fields);
    this.#reply = reply;
    if (!streams) this._streamResponseChunks = BaseChatModel.prototype._streamResponseChunks;
  }

  _llmType(): string {
    return "scripted";
  }

  override bindTools(
    tools: BindToolsInput[],
    options?: Partial<BaseChatModelCallOptions>,
  ): Runnable<BaseLanguageModelInput, AIMessageChunk, BaseChatModelCallOptions> {
    return this.withConfig({ ...options, tools } as Partial<BaseChatModelCallOptions>);
  }

  async _generate(messages: BaseMessage[], options: this["ParsedCallOptions"]): Promise<ChatResult> {
    const message = this.#answer(messages, options);
    return { generations: [{ text: message.text, message, generationInfo: { finish_reason: "stop" } }] };
  }

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    runManager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    const { text, content, tool_calls = [], usage_metadata, additional_kwargs, response_metadata } = this.#answer(messages, options);
    const words = typeof content === "string" ? (text.match(/\s*\S+/g) ?? []) : [];
    for (const word of words) {
      options.signal?.throwIfAborted();
      yield await shown(new AIMessageChunk(word), runManager);
    }
    const tool_call_chunks = tool_calls.map(({ name, args, id }, index) => ({
      type: "tool_call_chunk" as const,
      index,
      name,
      args: JSON.stringify(args),
      ...(id === undefined ? {} : { id }),
    }));
    const rest = { content: typeof content === "string" ? "" : content, tool_call_chunks, additional_kwargs, response_metadata };
    yield await shown(new AIMessageChunk(usage_metadata === undefined ? rest : { ...rest, usage_metadata }), runManager);
  }

  #answer(messages: readonly BaseMessage[], options: BaseChatModelCallOptions): AIMessage {
    this.calls.push({ messages: [...messages], options });
    const reply = this.#reply(messages, this.calls.length - 1);
    if (reply instanceof Error) throw reply;
    if (typeof reply !== "string") return reply;
    const usage_metadata = { input_tokens: messages.length, output_tokens: reply.length, total_tokens: messages.length + reply.length };
    return Object.assign(new AIMessage({ content: reply, response_metadata: { model: "scripted-1" } }), { usage_metadata });
  }
}

/** A model that answers each of these once, then the last one again and again. */
export function answering(...replies: readonly (string | AIMessage | Error)[]): ScriptedChat {
  return new ScriptedChat({ reply: inOrder(replies) });
}

export function inOrder(replies: readonly (string | AIMessage | Error)[]): Reply {
  return (_messages, call) => replies[Math.min(call, replies.length - 1)] as string;
}

async function shown(message: AIMessageChunk, runManager: CallbackManagerForLLMRun | undefined): Promise<ChatGenerationChunk> {
  const chunk = new ChatGenerationChunk({ text: message.text, message });
  await runManager?.handleLLMNewToken(message.text, undefined, undefined, undefined, undefined, { chunk });
  return chunk;
}
