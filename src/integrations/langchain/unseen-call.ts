/** Calls of a chat model that no callback, trace or cache learns of: for drafts, and for verdicts. */
import type { CallbackManager, CallbackManagerForLLMRun, Callbacks } from "@langchain/core/callbacks/manager";
import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import { BaseChatModel, type LangSmithParams } from "@langchain/core/language_models/chat_models";
import { AIMessage, AIMessageChunk, type BaseMessage } from "@langchain/core/messages";
import type { ToolCallChunk } from "@langchain/core/messages/tool";
import type { ChatResult } from "@langchain/core/outputs";
import {
  ensureConfig,
  RunnableBinding,
  type RunnableInterface,
  RunnableRetry,
  RunnableSequence,
  RunnableWithFallbacks,
  raceWithSignal,
} from "@langchain/core/runnables";
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import { LangChainTracer } from "@langchain/core/tracers/tracer_langchain";
import { isRecord, OptionError } from "../../core/index.ts";

/** Whatever answers messages with a message: a chat model, one with bound options, fallbacks or retries, or a chain. */
export type ChatRunnable = RunnableInterface<BaseLanguageModelInput, BaseMessage | string>;

/** How an unseen call is made. */
export interface UnseenCall {
  /** Call options, such as tools or stop strings. @default none */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal | undefined;
  /** Where the call may be seen all the same, as a child run. @default nowhere */
  readonly trace?: CallbackManager | undefined;
}

/** One message. It shares nothing with what the model returned, which may be its own or its cache's. */
export async function callUnseen(model: ChatRunnable, messages: readonly BaseMessage[], call: UnseenCall): Promise<AIMessageChunk> {
  call.signal?.throwIfAborted();
  return await answerOf(await unbound(model, call), messages);
}

/** The same, as it is written, where the model can and nothing traces it; otherwise in one piece. */
export async function* streamUnseen(
  model: ChatRunnable,
  messages: readonly BaseMessage[],
  call: UnseenCall,
): AsyncGenerator<AIMessageChunk, void, void> {
  call.signal?.throwIfAborted();
  const bare = await unbound(model, call);
  const { target, signal, trace } = bare;
  if (trace !== undefined || !canStream(target)) {
    yield await answerOf(bare, messages);
    return;
  }
  const chunks = target._streamResponseChunks([...messages], optionsOf(bare));
  const more = () =>
    raceWithSignal(
      unheard(trace, () => chunks.next()),
      signal,
    );
  try {
    // By hand: a model that hangs, or does not listen to its signal, must not hold up a caller that has given up.
    for (let next = await more(); !next.done; next = await more()) {
      signal?.throwIfAborted();
      const { message, generationInfo } = next.value;
      if (Number(generationInfo?.["completion"]) > 0) throw several(generationInfo);
      yield asChunk(message, generationInfo);
    }
  } finally {
    const ended = chunks.return(undefined).catch(() => undefined);
    if (!signal?.aborted) await ended;
  }
}

/** Whether it can be asked at all. */
export function isRunnable(value: unknown): value is ChatRunnable {
  return isRecord(value) && "invoke" in value && typeof value.invoke === "function";
}

export function isChatModel(model: unknown): model is BaseChatModel {
  return typeof model === "object" && model !== null && "_generate" in model && typeof model._generate === "function";
}

/** The chat model itself, behind options that are bound to it; `undefined` where there is none to be seen. */
export function chatModelOf(model: ChatRunnable): BaseChatModel | undefined {
  if (isChatModel(model)) return model;
  return model instanceof RunnableBinding ? chatModelOf(model.bound) : undefined;
}

/** A model without what is bound to it, and a call of it with that. */
interface BareCall extends Required<UnseenCall> {
  readonly target: ChatRunnable;
}

/** The chat model behind bound options, with these options; whatever else it is (a chain, retries, fallbacks), as it is. */
async function unbound(model: ChatRunnable, { options = {}, signal, trace }: UnseenCall): Promise<BareCall> {
  if (isConfigurable(model)) return await unbound(await model._getModelInstance({ ...options }), { options, signal, trace });
  if (!(model instanceof RunnableBinding) || model instanceof RunnableRetry) return { target: model, options, signal, trace };
  const { callbacks: _callbacks, tags: _tags, metadata: _metadata, runName: _name, timeout, signal: own, ...bound } = model.config;
  const signals = [signal, own].filter((one) => one !== undefined);
  const limited = ensureConfig({
    ...(timeout === undefined ? {} : { timeout }),
    ...(signals.length === 0 ? {} : { signal: AbortSignal.any(signals) }),
  });
  return await unbound(model.bound, { options: { ...bound, ...options, ...model.kwargs }, signal: limited.signal, trace });
}

/** What `initChatModel` returns: it makes its model when it is first asked. */
interface ConfigurableModel extends ChatRunnable {
  _getModelInstance(config: Record<string, unknown>): Promise<ChatRunnable>;
}

export function isConfigurable(model: ChatRunnable): model is ConfigurableModel {
  return "_getModelInstance" in model && typeof model._getModelInstance === "function";
}

async function answerOf(call: BareCall, messages: readonly BaseMessage[]): Promise<AIMessageChunk> {
  const { target, signal, trace } = call;
  if (isChatModel(target) && trace === undefined) {
    const { generations, llmOutput } = await raceWithSignal(
      unheard(trace, () => target._generate([...messages], optionsOf(call))),
      signal,
    );
    const [generation] = generations;
    if (generations.length > 1) throw several(generations.length);
    return generation === undefined ? new AIMessageChunk("") : asChunk(generation.message, { ...llmOutput, ...generation.generationInfo });
  }
  const callbacks = tellingOf(trace);
  const answer = await raceWithSignal(
    unheard(trace, () => silenced(target).invoke([...messages], { ...optionsOf(call), ...UNSEEN, callbacks })),
    signal,
  );
  return typeof answer === "string" ? new AIMessageChunk(answer) : asChunk(answer);
}

/** Of several answers one would be judged, and the others paid for and lost. */
function several(received: unknown): OptionError {
  return new OptionError("n", "Expected the model to give one answer, got several (leave `n` out)", received);
}

/** Marks on every call that is traced, so that no surface that shows messages takes it for an answer. */
const UNSEEN = { tags: ["nostream"], metadata: { lc_source: "rain" } };

/** What a model calls without callbacks of its own takes those of the run around it, such as an agent's: here it finds none that tells. */
async function unheard<Result>(trace: CallbackManager | undefined, work: () => Promise<Result>): Promise<Result> {
  const around = AsyncLocalStorageProviderSingleton.getRunnableConfig();
  return await AsyncLocalStorageProviderSingleton.runWithConfig({ ...around, ...UNSEEN, callbacks: tellingOf(trace) }, work);
}

/** Where a call tells of itself. */
function tellingOf(trace: CallbackManager | undefined): Callbacks {
  return trace ?? [new MuteTracer()];
}

/** Sends nothing, and stands where LangChain would put a tracer that does: where the environment switches LangSmith on. */
class MuteTracer extends LangChainTracer {
  constructor() {
    const send = async () => undefined;
    super({ client: { createRun: send, updateRun: send } });
  }

  override copyWithTracingConfig(): this {
    return this;
  }

  /** A run around has a client that sends. */
  override updateFromRunTree(): void {
    // It is not taken over.
  }

  /** Of a run that this one does not know, none: but what runs inside has to find these callbacks, which are kept in what is returned. */
  override getRunTreeWithTracingConfig(id: string): RunTree {
    return super.getRunTreeWithTracingConfig(id) ?? ({} as RunTree);
  }
}

type RunTree = NonNullable<ReturnType<LangChainTracer["getRunTreeWithTracingConfig"]>>;

function optionsOf({ options, signal }: BareCall): BaseChatModel["ParsedCallOptions"] {
  return { ...options, ...(signal === undefined ? {} : { signal }) };
}

function canStream(target: ChatRunnable): target is BaseChatModel {
  return isChatModel(target) && !target.disableStreaming && target._streamResponseChunks !== BaseChatModel.prototype._streamResponseChunks;
}

/**
 * The same, but for the callbacks and caches of the chat models in it, behind bound options, retries, fallbacks and the steps of a chain: a
 * draft must not come to those, nor out of them. A runnable of any other kind is left as it is.
 */
function silenced<Target>(target: Target): Target {
  if (isChatModel(target)) return new TracedChat(target) as BaseChatModel as Target;
  if (target instanceof RunnableBinding) {
    const { callbacks: _callbacks, ...config } = target.config;
    return copied(target, { bound: silenced(target.bound), config });
  }
  if (target instanceof RunnableWithFallbacks)
    return copied(target, { runnable: silenced(target.runnable), fallbacks: target.fallbacks.map(silenced) });
  if (target instanceof RunnableSequence) {
    const steps = target.steps.map(silenced);
    return copied(target, { first: steps[0], middle: steps.slice(1, -1), last: steps.at(-1) });
  }
  return target;
}

/** One of the same class with other fields: their constructors do not tell all that they were given. */
export function copied<Target extends object>(target: Target, fields: object): Target {
  return Object.assign(Object.create(Object.getPrototypeOf(target)), target, fields);
}

/** A chat model without its own callbacks and cache, so that only the run that is given learns of a call. */
class TracedChat extends BaseChatModel {
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

/**
 * A message as a chunk of its own, with its tool calls as chunks and what is known of its generation. `convertToChunk` of LangChain would
 * keep what the message shares with its model, and calls that are no JSON.
 */
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

/**
 * The tool calls of a message in the form that adds up: arguments as JSON, numbered. Calls whose arguments are no JSON are left out:
 * they cannot be run, and as chunks they would be mended into calls that the model did not make.
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

/** The message that chunks have added up to. */
export function asMessage(whole: AIMessageChunk): AIMessage {
  const { content, tool_calls = [], invalid_tool_calls = [], additional_kwargs, response_metadata, usage_metadata } = whole;
  const usage = usage_metadata === undefined ? {} : { usage_metadata };
  return new AIMessage({ content, tool_calls, invalid_tool_calls, additional_kwargs, response_metadata, ...usage });
}
