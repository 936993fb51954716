import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import { BaseChatModel, type LangSmithParams } from "@langchain/core/language_models/chat_models";
import type { BaseMessage } from "@langchain/core/messages";
import type { ChatResult } from "@langchain/core/outputs";

/** A chat model without its own callbacks and cache, so that only the run that is given learns of a call. */
export class TracedChat extends BaseChatModel {
  readonly #chat: BaseChatModel;

  constructor(chat: BaseChatModel) {
    super({});
    this.#chat = chat;
  }

  /** Asked for by the base class's own constructor, when the other model is not here yet. */
  override _llmType(): string {
    return "rain-draft";
  }

  override getLsParams(options: this["ParsedCallOptions"]): LangSmithParams {
    return this.#chat.getLsParams(options);
  }

  override async _generate(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    runManager?: CallbackManagerForLLMRun,
  ): Promise<ChatResult> {
    return await this.#chat._generate(messages, options, runManager);
  }
}
