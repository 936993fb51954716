import type { CallbackManager, CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import { BaseChatModel, type LangSmithParams } from "@langchain/core/language_models/chat_models";
import { AIMessageChunk, type BaseMessage } from "@langchain/core/messages";
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
import { isRecord } from "../../core/index.ts";
import { asChunk } from "./message-chunk.ts";

/** Whatever answers messages with a message: a chat model, one with bound options, fallbacks or retries, or a chain. */
export type ChatRunnable = RunnableInterface<BaseLanguageModelInput, BaseMessage | string>;

/** How a call that nobody is to see is made. */
export interface ChatCall {
  /** Call options, such as tools or stop strings. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal | undefined;
  /** Where the call may be seen all the same, as a child run. Without it no callback, no trace and no cache learns of it. */
  readonly trace?: CallbackManager | undefined;
}

/** Marks on every call that is traced, so that no surface that shows messages takes it for an answer. */
const UNSEEN = { tags: ["nostream"], metadata: { lc_source: "rain" } };

/** One message, unseen. It shares nothing with what the model returned, which may be its own or its cache's. */
export async function callUnseen(model: ChatRunnable, messages: readonly BaseMessage[], call: ChatCall): Promise<AIMessageChunk> {
  call.signal?.throwIfAborted();
  const { target, options, signal } = await unbound(model, call);
  return await raceWithSignal(answerOf(target, messages, { ...call, options, signal }), signal);
}

/** The same, as it is written, where the model can and nobody traces it; otherwise in one piece. */
export async function* streamUnseen(
  model: ChatRunnable,
  messages: readonly BaseMessage[],
  call: ChatCall,
): AsyncGenerator<AIMessageChunk, void, void> {
  call.signal?.throwIfAborted();
  const { target, options, signal } = await unbound(model, call);
  if (call.trace !== undefined || !canStream(target)) {
    yield await raceWithSignal(answerOf(target, messages, { ...call, options, signal }), signal);
    return;
  }
  const chunks = target._streamResponseChunks([...messages], parsed(options, signal));
  try {
    // By hand: a model that hangs, or does not listen to its signal, must not hold up whoever has given up.
    for (let next = await raceWithSignal(chunks.next(), signal); !next.done; next = await raceWithSignal(chunks.next(), signal)) {
      signal?.throwIfAborted();
      yield asChunk(next.value.message, next.value.generationInfo);
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

async function answerOf(target: ChatRunnable, messages: readonly BaseMessage[], call: ChatCall): Promise<AIMessageChunk> {
  const { options, signal, trace } = call;
  if (isChatModel(target) && trace === undefined) return firstOf(await target._generate([...messages], parsed(options, signal)));
  const runnable = silenced(target);
  const config = { ...options, ...UNSEEN, callbacks: trace ?? [], ...(signal === undefined ? {} : { signal }) };
  const answer = await runnable.invoke([...messages], config);
  return typeof answer === "string" ? new AIMessageChunk(answer) : asChunk(answer);
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
function copied<Target extends object>(target: Target, fields: object): Target {
  return Object.assign(Object.create(Object.getPrototypeOf(target)), target, fields);
}

function firstOf({ generations: [generation], llmOutput }: ChatResult): AIMessageChunk {
  return generation === undefined ? new AIMessageChunk("") : asChunk(generation.message, { ...llmOutput, ...generation.generationInfo });
}

function canStream(target: ChatRunnable): target is BaseChatModel {
  return isChatModel(target) && !target.disableStreaming && target._streamResponseChunks !== BaseChatModel.prototype._streamResponseChunks;
}

function parsed(options: ChatCall["options"], signal: AbortSignal | undefined): BaseChatModel["ParsedCallOptions"] {
  return { ...options, ...(signal === undefined ? {} : { signal }) };
}

interface Unbound {
  readonly target: ChatRunnable;
  readonly options: ChatCall["options"];
  readonly signal: AbortSignal | undefined;
}

/** The chat model behind bound options, with these options; whatever else it is (a chain, retries, fallbacks), as it is. */
async function unbound(model: ChatRunnable, { options, signal }: Pick<ChatCall, "options" | "signal">): Promise<Unbound> {
  if (isConfigurable(model)) return await unbound(await model._getModelInstance({ ...options }), { options, signal });
  if (!(model instanceof RunnableBinding) || model instanceof RunnableRetry) return { target: model, options, signal };
  const { callbacks: _callbacks, tags: _tags, metadata: _metadata, runName: _name, timeout, signal: own, ...bound } = model.config;
  const limited = ensureConfig({ ...(timeout === undefined ? {} : { timeout }), ...signalOf([signal, own]) });
  return await unbound(model.bound, { options: { ...bound, ...options, ...model.kwargs }, signal: limited.signal });
}

function signalOf(signals: readonly (AbortSignal | undefined)[]): { readonly signal?: AbortSignal } {
  const given = signals.filter((signal) => signal !== undefined);
  return given.length === 0 ? {} : { signal: AbortSignal.any(given) };
}

/** What `initChatModel` returns: it makes its model when it is first asked. */
interface Configurable extends ChatRunnable {
  _getModelInstance(config: Record<string, unknown>): Promise<ChatRunnable>;
}

function isConfigurable(model: ChatRunnable): model is Configurable {
  return "_getModelInstance" in model && typeof model._getModelInstance === "function";
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
