import { CallbackManager, type CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import {
  BaseChatModel,
  type BaseChatModelCallOptions,
  type BaseChatModelParams,
  type BindToolsInput,
  type LangSmithParams,
} from "@langchain/core/language_models/chat_models";
import type { ChatModelStreamEvent, FinishReason } from "@langchain/core/language_models/event";
import { AIMessageChunk, type BaseMessage, type ContentBlock } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";
import { type Runnable, RunnableBinding } from "@langchain/core/runnables";
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import { OptionError } from "../../core/index.ts";
import { type ChatRunnable, chatModelOf, isChatModel } from "./chat-call.ts";
import type { Critic } from "./critic.ts";
import type { CritiqueCase } from "./critique.ts";
import type { EventSink } from "./rain-events.ts";

/**
 * Released chunks as events of LangChain's newest streaming protocol: text as it comes, everything else as whole blocks, and the true
 * reason of the end with the metadata (the default bridge says "stop" and drops them).
 */
async function* streamEventsOf(chunks: AsyncIterable<AIMessageChunk>): AsyncGenerator<ChatModelStreamEvent, void, void> {
  let whole = new AIMessageChunk("");
  let blocks = 0;
  let textBlock: number | undefined;
  yield { event: "message-start" };
  for await (const chunk of chunks) {
    whole = whole.concat(chunk);
    for (const thought of thoughtsOf(chunk)) yield* wholeBlock(thought, blocks++);
    if (chunk.text === "") continue;
    if (textBlock === undefined) {
      textBlock = blocks++;
      yield { event: "content-block-start", index: textBlock, content: { type: "text", text: "" } };
    }
    yield { event: "content-block-delta", index: textBlock, delta: { type: "text-delta", text: chunk.text } };
  }
  if (textBlock !== undefined) yield { event: "content-block-finish", index: textBlock, content: { type: "text", text: whole.text } };
  for (const call of callsOf(whole)) yield* wholeBlock(call, blocks++);
  const { usage_metadata: usage, response_metadata: responseMetadata } = whole;
  yield { event: "message-finish", reason: reasonOf(whole), responseMetadata, ...(usage === undefined ? {} : { usage }) };
}

const THOUGHTS: ReadonlySet<unknown> = new Set(["reasoning", "thinking", "redacted_thinking"]);

function thoughtsOf({ content }: AIMessageChunk): readonly ContentBlock[] {
  return typeof content === "string" ? [] : content.filter(({ type }) => THOUGHTS.has(type));
}

function callsOf({ tool_calls = [], invalid_tool_calls = [] }: AIMessageChunk): readonly ContentBlock[] {
  const valid = tool_calls.map((call) => ({ ...call, type: "tool_call" }));
  const invalid = invalid_tool_calls.map((call) => ({ ...call, type: "invalid_tool_call" }));
  return [...valid, ...invalid] as readonly ContentBlock[];
}

function* wholeBlock(block: ContentBlock, index: number): Generator<ChatModelStreamEvent, void, void> {
  const { type, id, name, args } = block as ContentBlock & { readonly id?: string; readonly name?: string; readonly args?: unknown };
  if (type !== "tool_call") {
    yield { event: "content-block-start", index, content: block };
    yield { event: "content-block-finish", index, content: block };
    return;
  }
  const chunk = { type: "tool_call_chunk" as const, ...(id === undefined ? {} : { id }), ...(name === undefined ? {} : { name }) };
  yield { event: "content-block-start", index, content: { ...chunk, args: "" } };
  yield { event: "content-block-delta", index, delta: { type: "block-delta", fields: { ...chunk, args: JSON.stringify(args) } } };
  yield { event: "content-block-finish", index, content: block };
}

function reasonOf({ response_metadata, tool_calls = [] }: AIMessageChunk): FinishReason {
  const { finish_reason } = response_metadata as { readonly finish_reason?: unknown };
  if (finish_reason === "length" || finish_reason === "content_filter") return finish_reason;
  return tool_calls.length > 0 ? "tool_use" : "stop";
}

/** What a critiqued model is made of. */
export interface CritiquedModelFields extends Pick<BaseChatModelParams, "cache" | "callbacks" | "metadata" | "tags"> {
  /** Whose drafts are judged. */
  readonly model: ChatRunnable;
  readonly critic: Critic;
  readonly judged?: CritiqueCase["judged"];
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
      ...given({ cache, callbacks: callbacks ?? inner?.callbacks, tags: tags ?? inner?.tags }),
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
    const { settings } = this.#fields.critic;
    const { principle, judge, judgeExamples, threshold, onUnfit, retries, continuation, onExhausted, refusal, guidance } = settings;
    const inner = this.#inner;
    // A judge of somebody's own, or a chain, has nothing by which two could be told apart.
    const own = judge === undefined && inner !== undefined ? {} : { critic: this.#fields.critic.id };
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
    for await (const message of this.#write(messages, options, runManager)) {
      const chunk = new ChatGenerationChunk({ text: message.text, message });
      yield chunk;
      await runManager?.handleLLMNewToken(message.text, undefined, undefined, undefined, undefined, { chunk });
    }
  }

  override async *_streamChatModelEvents(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    runManager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatModelStreamEvent> {
    yield* streamEventsOf(this.#write(messages, options, runManager));
  }

  get #inner(): BaseChatModel | undefined {
    return chatModelOf(this.#fields.model);
  }

  async *#write(
    conversation: readonly BaseMessage[],
    options: this["ParsedCallOptions"],
    run: CallbackManagerForLLMRun | undefined,
  ): AsyncGenerator<AIMessageChunk, void, void> {
    const { model, origin = model, critic, judged, onReleased, sink } = this.#fields;
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
    const writing = critic.write({ conversation, model, origin, options: callOptions, signal, run: both, trace, ...given({ judged }) });
    for await (const chunk of writing) {
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
function given<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
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
  if (model instanceof RunnableBinding) {
    const { kwargs, config, configFactories } = model;
    const bound = bindToolsTo(model.bound, tools, options);
    return new RunnableBinding({
      bound: bound as RunnableBinding<unknown, unknown>["bound"],
      config,
      ...(kwargs === undefined ? {} : { kwargs }),
      ...(configFactories === undefined ? {} : { configFactories }),
    }) as ChatRunnable;
  }
  if (tools.length === 0) return model;
  const name = model.getName();
  throw new OptionError(
    "tools",
    `Expected \`${name}\` to take tools, got a model without \`bindTools\` (leave the tools out, or take another model)`,
    tools,
  );
}
