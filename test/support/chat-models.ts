import type { BaseChatModel, BaseChatModelParams } from "@langchain/core/language_models/chat_models";
import type { AIMessageChunk, BaseMessage, UsageMetadata } from "@langchain/core/messages";

/** A chat model that can do everything: tools and structured output, too. */
export type WholeChatModel = BaseChatModel & Required<Pick<BaseChatModel, "bindTools">>;

/** What every chat model of LangChain may be made with. */
export interface StandardFields extends BaseChatModelParams {
  readonly stop?: string[];
  readonly temperature?: number;
  readonly maxTokens?: number;
  readonly timeout?: number;
  readonly stopSequences?: string[];
  readonly streaming?: boolean;
  readonly apiKey?: string;
}

export interface ChatModelSpec {
  /** A model with these fields beside its own. */
  readonly makeModel: (fields?: StandardFields) => WholeChatModel;
  /** The same, for tools and structured output; a model that knows no JSON may need a judge that lets it pass. @default makeModel */
  readonly makeToolModel?: () => WholeChatModel;
  /** A question that it answers in several words. */
  readonly question: string;
  /** ... and a word that is in the answer, behind which it can be stopped. */
  readonly word: string;
}

/** LangChain's types, read with `exactOptionalPropertyTypes`, know no usage. */
export function usageOf(message: BaseMessage): UsageMetadata | undefined {
  return (message as { readonly usage_metadata?: UsageMetadata }).usage_metadata;
}

/** The newest stream of a model is both a stream and, awaited, a message: it is read as a stream. */
export async function collect<Item>(stream: AsyncIterable<Item> | Promise<AsyncIterable<Item>>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of Symbol.asyncIterator in stream ? stream : await stream) items.push(item);
  return items;
}

export function concat(chunks: readonly AIMessageChunk[]): AIMessageChunk {
  return chunks.reduce((whole, chunk) => whole.concat(chunk));
}
