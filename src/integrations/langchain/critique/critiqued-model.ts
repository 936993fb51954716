import { CallbackManager, type CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import {
  BaseChatModel,
  type BaseChatModelCallOptions,
  type BaseChatModelParams,
  type BindToolsInput,
  type LangSmithParams,
} from "@langchain/core/language_models/chat_models";
import type { ChatModelStreamEvent } from "@langchain/core/language_models/event";
import { AIMessageChunk, type BaseMessage } from "@langchain/core/messages";
import type { ChatGenerationChunk, ChatResult } from "@langchain/core/outputs";
import { type Runnable, RunnableBinding } from "@langchain/core/runnables";
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import { OptionError } from "../../../core/index.ts";
import type { EventSink } from "../../judging/events.ts";
import { generationChunks, protocolEvents } from "../streaming.ts";
import { type ChatRunnable, chatModelOf, copied, isChatModel } from "../unseen-call.ts";
import type { CritiqueContext } from "./context.ts";
import { critique } from "./critique.ts";
import type { JudgedParts } from "./draft.ts";

/** What a critiqued model is made of. */
export interface CritiquedModelFields extends Pick<BaseChatModelParams, "cache" | "callbacks" | "metadata" | "tags"> {
  /** The model whose drafts are judged. */
  readonly model: ChatRunnable;
  readonly context: CritiqueContext;
  /** What of the answer is judged. @default all */
  readonly judged?: JudgedParts;
  /** Told what was released whenever an answer is whole, and `undefined` whenever another one begins. */
  readonly onReleased?: (answer: AIMessageChunk | undefined) => void;
  /** Told of events too, beside the run's own callbacks. */
  readonly sink?: EventSink;
  /** @internal The model without tools, if `model` has some. */
  readonly origin?: ChatRunnable;
}

/**
 * A chat model that yields only what a critique accepted of another one's drafts, so that no surface of LangChain can show
 * anything else: whatever asks this model (a chain, an agent, a cache, a callback) never learns of a draft.
 *
 * It takes the other model's callbacks over, as they are to see what is released, and leaves its cache alone: there, a draft that
 * was judged bad would be found again.
 */
export class CritiquedModel extends BaseChatModel<BaseChatModelCallOptions, AIMessageChunk> {
  readonly #fields: CritiquedModelFields;

  constructor(fields: CritiquedModelFields) {
    const { model, cache, callbacks, metadata, tags } = fields;
    const inner = chatModelOf(model);
    super({
      ...defined({ cache, callbacks: callbacks ?? inner?.callbacks, tags: tags ?? inner?.tags }),
      metadata: { ...inner?.metadata, ...metadata },
      verbose: inner?.verbose ?? false,
    });
    this.#fields = fields;
  }

  static override lc_name(): string {
    return "CritiquedModel";
  }

  override _llmType(): string {
    return "rain-critique";
  }

  /** The cache tells models apart by this. */
  override _identifyingParams(): Record<string, unknown> {
    const { settings } = this.#fields.context;
    const { principle, judge, judgeExamples, threshold, onUnfit, retries, continuation, onExhausted, refusal, guidance } = settings;
    const inner = this.#inner;
    // A judge that is no chat model, or a chain, has nothing by which two could be told apart.
    const own = judge === undefined && inner !== undefined ? {} : { context: this.#fields.context.id };
    return {
      model: inner === undefined ? this.#fields.model.getName() : { type: inner._llmType(), ...inner._identifyingParams() },
      bound: boundTo(this.#fields.model),
      judged: this.#fields.judged,
      ...own,
      ...{ principle, judgeExamples, threshold, onUnfit, retries, continuation, onExhausted, refusal, guidance },
    };
  }

  override get profile(): BaseChatModel["profile"] {
    return this.#inner?.profile ?? {};
  }

  override getLsParams(options: this["ParsedCallOptions"]): LangSmithParams {
    return this.#inner?.getLsParams(options) ?? super.getLsParams(options);
  }

  override async getNumTokens(content: Parameters<BaseChatModel["getNumTokens"]>[0]): Promise<number> {
    return (await this.#inner?.getNumTokens(content)) ?? (await super.getNumTokens(content));
  }

  /** The other model with these tools, critiqued in the same way. @throws {OptionError} when it takes no tools and there are some */
  override bindTools(
    tools: BindToolsInput[],
    options?: Partial<BaseChatModelCallOptions>,
  ): Runnable<BaseLanguageModelInput, AIMessageChunk, BaseChatModelCallOptions> {
    const { model, origin = model } = this.#fields;
    return new CritiquedModel({ ...this.#fields, origin, model: bindToolsTo(model, tools, options) });
  }

  override async _generate(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    runManager?: CallbackManagerForLLMRun,
  ): Promise<ChatResult> {
    let whole = new AIMessageChunk("");
    for await (const chunk of this.#write(messages, options, runManager)) whole = whole.concat(chunk);
    // A chunk, as `withStructuredOutput` of the base class takes nothing else.
    return { generations: [{ text: whole.text, message: whole }] };
  }

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    runManager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    yield* generationChunks(this.#write(messages, options, runManager), runManager);
  }

  override async *_streamChatModelEvents(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    runManager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatModelStreamEvent> {
    yield* protocolEvents(this.#write(messages, options, runManager));
  }

  get #inner(): BaseChatModel | undefined {
    return chatModelOf(this.#fields.model);
  }

  async *#write(
    conversation: readonly BaseMessage[],
    options: this["ParsedCallOptions"],
    run: CallbackManagerForLLMRun | undefined,
  ): AsyncGenerator<AIMessageChunk, void, void> {
    const { model, origin = model, context, judged, onReleased, sink } = this.#fields;
    onReleased?.(undefined);
    const { signal, ...callOptions } = options;
    const trace = run === undefined ? surroundingRun() : new CallbackManager(run.runId, { handlers: run.handlers });
    const both: EventSink = {
      handleCustomEvent: async (name, data) => {
        await run?.handleCustomEvent(name, data);
        await sink?.handleCustomEvent(name, data);
      },
    };
    let released = new AIMessageChunk("");
    const request = { conversation, model, origin, options: callOptions, signal, run: both, trace, judged };
    for await (const chunk of critique(request, context)) {
      released = released.concat(chunk);
      yield chunk;
    }
    onReleased?.(released);
  }
}

/** Call options that are bound to a model, such as its tools; the outermost first. */
function boundTo(model: unknown): unknown[] {
  return model instanceof RunnableBinding ? [model.kwargs, ...boundTo(model.bound)] : [];
}

/** LangChain's newest streaming protocol gives a model no run of its own; the run around it is the next best parent. */
function surroundingRun(): CallbackManager | undefined {
  const { callbacks } = AsyncLocalStorageProviderSingleton.getRunnableConfig() ?? {};
  return callbacks === undefined || Array.isArray(callbacks) ? undefined : callbacks;
}

/** An object without the fields that are `undefined`. */
function defined<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;
}

/**
 * The same chat model with tools bound to it, also behind options that are bound already. Without tools any model will do: agents
 * bind an empty list.
 *
 * @throws {OptionError} when there are tools and the model takes none
 */
function bindToolsTo(model: ChatRunnable, tools: BindToolsInput[], options: object | undefined): ChatRunnable {
  if (isChatModel(model) && model.bindTools !== undefined) return model.bindTools(tools, options);
  if (model instanceof RunnableBinding) return copied(model, { bound: bindToolsTo(model.bound, tools, options) });
  if (tools.length === 0) return model;
  const name = model.getName();
  throw new OptionError(
    "tools",
    `Expected \`${name}\` to take tools, got a model without \`bindTools\` (leave the tools out, or take another model)`,
    tools,
  );
}
