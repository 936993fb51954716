import { BaseChatModel, type BaseChatModelCallOptions } from "@langchain/core/language_models/chat_models";
import { AIMessage, AIMessageChunk, type BaseMessage } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";
import type { Engine, Turn } from "../../src/core/index.ts";
import { rain } from "../../src/rain.ts";

/** A real model as somebody else's chat model: plain decoding, unjudged, another seed for each answer. It goes on from the assistant's words. */
export class EngineChat extends BaseChatModel {
  readonly #engine: Engine;
  #seed: number;

  constructor(engine: Engine, seed: number) {
    super({});
    this.#engine = engine;
    this.#seed = seed;
  }

  _llmType(): string {
    return "engine";
  }

  override bindTools(): this {
    return this;
  }

  async _generate(messages: BaseMessage[], options: this["ParsedCallOptions"]): Promise<ChatResult> {
    let text = "";
    for await (const chunk of this._streamResponseChunks(messages, options)) text += chunk.text;
    return { generations: [{ text, message: new AIMessage(text) }] };
  }

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    { signal }: BaseChatModelCallOptions,
  ): AsyncGenerator<ChatGenerationChunk> {
    const turns = messages.map(({ type, text }): Turn => ({ role: type === "ai" ? "assistant" : "user", text }));
    const seed = this.#seed++;
    for await (const { text } of rain(this.#engine, turns, { mode: "vanilla", seed, maxTokens: 48, signal })) {
      if (text !== "") yield new ChatGenerationChunk({ text, message: new AIMessageChunk(text) });
    }
  }
}
