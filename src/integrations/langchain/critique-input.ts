import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import {
  AIMessage,
  type AIMessageChunk,
  type BaseMessage,
  type BaseMessageLike,
  coerceMessageLikeToMessage,
  HumanMessage,
} from "@langchain/core/messages";
import { complaint, OptionError } from "../../core/index.ts";
import { asChunk } from "./message-chunk.ts";

/**
 * What a critique is asked about:
 * - a conversation (a prompt, text, or messages): its model answers it;
 * - a conversation that ends with the assistant's message: that message is the first draft;
 * - a message alone, from a model in the same chain: it is judged, and cannot be written again, as nobody knows what was asked;
 * - `{ messages, draft }`, to judge a draft and have it written again; `{ messages }` alone is the state of a message graph.
 */
export type CritiqueInput = BaseLanguageModelInput | AIMessage | AIMessageChunk | CritiqueState;

export interface CritiqueState {
  readonly messages: BaseLanguageModelInput;
  readonly draft?: BaseMessage | string;
}

/** The same, taken apart. */
export interface ParsedCritiqueInput {
  readonly conversation: readonly BaseMessage[];
  readonly draft: AIMessageChunk | undefined;
}

/** @throws {OptionError} when it is none of what may be asked */
export function askingOf(input: CritiqueInput): ParsedCritiqueInput {
  if (isMessage(input))
    return input.type === "ai" ? { conversation: [], draft: asChunk(input) } : { conversation: [input], draft: undefined };
  if (!isState(input)) return split(conversationOf(input));
  const { messages, draft } = input;
  if (draft === undefined) return split(conversationOf(messages));
  return { conversation: conversationOf(messages), draft: asChunk(draftOf(draft)) };
}

function draftOf(draft: unknown): BaseMessage {
  if (typeof draft === "string") return new AIMessage(draft);
  if (isMessage(draft)) return draft;
  throw new OptionError("draft", complaint("draft", "a message or a text", draft), draft);
}

function split(conversation: readonly BaseMessage[]): ParsedCritiqueInput {
  const last = conversation.at(-1);
  if (last === undefined) throw new OptionError("messages", complaint("messages", "a conversation of one message or more", []), []);
  return last.type === "ai" ? { conversation: conversation.slice(0, -1), draft: asChunk(last) } : { conversation, draft: undefined };
}

function conversationOf(input: BaseLanguageModelInput): readonly BaseMessage[] {
  if (typeof input === "string") return [new HumanMessage(input)];
  if (Array.isArray(input)) return input.map(messageOf);
  if (typeof input === "object" && input !== null && "toChatMessages" in input) return input.toChatMessages();
  throw new OptionError("input", complaint("input", "a prompt, text, messages, a message or `{ messages, draft }`", input), input);
}

function messageOf(given: BaseMessageLike, index: number): BaseMessage {
  try {
    return coerceMessageLikeToMessage(given);
  } catch (cause) {
    const expected = "a message, or what LangChain makes one of";
    throw Object.assign(new OptionError("messages", complaint(`messages[${index}]`, expected, given), given), { cause });
  }
}

function isState(input: CritiqueInput): input is CritiqueState {
  return typeof input === "object" && input !== null && !Array.isArray(input) && "messages" in input && !("toChatMessages" in input);
}

function isMessage(input: unknown): input is BaseMessage {
  return typeof input === "object" && input !== null && "_getType" in input;
}
