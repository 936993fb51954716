import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import type { BaseLanguageModelInput, StructuredOutputMethodOptions } from "@langchain/core/language_models/base";
import { BaseChatModel, type BindToolsInput, type LangSmithParams } from "@langchain/core/language_models/chat_models";
import type { ChatModelStreamEvent } from "@langchain/core/language_models/event";
import type { ModelProfile } from "@langchain/core/language_models/profile";
import type { AIMessageChunk, BaseMessage, MessageContent, MessageOutputVersion } from "@langchain/core/messages";
import type { ChatGenerationChunk, ChatResult } from "@langchain/core/outputs";
import type { Runnable } from "@langchain/core/runnables";
import { callback, checkByRules, DEFAULTS, type Engine, type RainOptions, type Rule, signal, type Turn } from "../../core/index.ts";
import { letterJudge } from "../../judges/index.ts";
import { Calls } from "./calls.ts";
import {
  type ChatRainCallOptions,
  type ChatRainFields,
  checkedFields,
  decodingOptions,
  loadOptions,
  SERIALIZED_FIELDS,
} from "./chat-rain-fields.ts";
import { chunksOf, resultOf } from "./chunks.ts";
import { textOf } from "./content.ts";
import { EngineJudge } from "./engine-judge.ts";
import { type EngineSource, givenEngine, LoadedEngine, released } from "./engine-source.ts";
import { judgeReady } from "./judge-ready.ts";
import type { Asked, JudgeAbout, TextJudge } from "./judging.ts";
import { turnsOf } from "./messages.ts";
import { warn } from "./notice.ts";
import { protocolEvents } from "./protocol-events.ts";
import { dataOf, requestOf } from "./request.ts";
import type { LoadProgress } from "./shared-engine.ts";
import type { Steps } from "./steps.ts";
import { type OutputSchema, structuredOutput } from "./structured-output.ts";
import { definitionsOf } from "./tool-definitions.ts";
import { write } from "./write.ts";

/** What a wait for the model may be told, and tell. */
export interface LoadWaiting {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: LoadProgress) => void;
}

/**
 * A local model that judges its own draft while it writes, rewinds, and writes something better, as a chat model of LangChain. Every way
 * of using it (invoke, stream, events, agents, caches, traces) only ever gets text that was judged and committed.
 *
 * Making one loads nothing. The model is loaded when it is first needed, once for all that name the same file and load options, and
 * freed when the last of them is disposed of.
 *
 * ```ts
 * await using model = new ChatRain({ model: "embedded", temperature: 0.7 });
 * const { text } = await model.invoke("How do I paint the bank?");
 * ```
 *
 * Options may be said anew for each call: `model.invoke(input, { principle, seed: 2, signal })`. Answers carry `usage_metadata`, and
 * `response_metadata` with `finish_reason` and, under `rain`, what it took (`RainMetadata`).
 *
 * Calls reject with `OptionError` or `MessageError` for what cannot be meant, `EngineError` when the model cannot be loaded or cannot go
 * on, `ContextFullError`, `JudgeError`, `ExhaustedError`, and with the signal's own reason when they are aborted.
 */
export class ChatRain extends BaseChatModel<ChatRainCallOptions, AIMessageChunk> implements AsyncDisposable, TextJudge {
  static override lc_name(): string {
    return "ChatRain";
  }

  override lc_serializable = true;
  /** The model's name for people and traces: of a file, only its base name. */
  readonly model: string;
  readonly #key: string;
  readonly #fields: ChatRainFields;
  readonly #decoding: RainOptions;
  readonly #source: EngineSource;
  readonly #calls = new Calls();
  readonly #onNotice: (notice: string) => void;
  readonly #judges = new WeakMap<Engine, EngineJudge>();

  /** @throws {OptionError} for options that cannot be meant */
  constructor(fields: ChatRainFields = {}) {
    super(checkedFields(fields));
    const { model = "embedded" } = fields;
    this.#fields = fields;
    this.#decoding = decodingOptions(fields);
    this.#onNotice = fields.onNotice ?? warn;
    this.model = modelName(model);
    this.#key = modelKey(model);
    const options = loadOptions(fields);
    this.#source = typeof model === "string" ? new LoadedEngine(model, options) : givenEngine(model, options);
  }

  /**
   * Makes one, and waits until its model is loaded and its judge is known, for which labelled answers are read at first use.
   *
   * @throws {OptionError} for options that cannot be meant
   */
  static async load(fields: ChatRainFields = {}, waiting: LoadWaiting = {}): Promise<ChatRain> {
    checkByRules(waiting, WAITING_RULES);
    const model = new ChatRain(fields);
    try {
      const listener = { ...waiting, onNotice: model.#onNotice };
      const { engine, listen } = await model.#source.hosted(listener);
      using _ = listen(listener);
      await judgeReady(engine, model.#decoding, { signal: waiting.signal, life: model.#calls.life });
      return model;
    } catch (error) {
      // Nobody else could let go of what is still being loaded.
      void model.dispose().catch(() => undefined);
      throw error;
    }
  }

  override _llmType(): string {
    return "rain";
  }

  /** Fields that are plain data. Of the model itself only its name is written. */
  override get lc_serializable_keys(): string[] {
    return [...SERIALIZED_FIELDS];
  }

  override get profile(): ModelProfile {
    const { maxTokens = DEFAULTS.maxTokens } = this.#decoding;
    const contextSize = this.#source.current?.engine.facts.contextSize;
    return { ...PROFILE, maxOutputTokens: maxTokens, ...(contextSize === undefined ? {} : { maxInputTokens: contextSize }) };
  }

  override getLsParams(options: this["ParsedCallOptions"]): LangSmithParams {
    const { temperature, maxTokens, stop } = { ...DEFAULTS, ...requestOf(this.#decoding, options) };
    return {
      ls_provider: "rain",
      ls_model_name: this.model,
      ls_model_type: "chat",
      ls_temperature: temperature,
      ls_max_tokens: maxTokens,
      ...(stop.length === 0 ? {} : { ls_stop: [...stop] }),
    };
  }

  /** What traces show of a call: the principle by its name. */
  override invocationParams(options: Partial<this["ParsedCallOptions"]> = {}): Record<string, unknown> {
    const { principle, ...data } = dataOf(requestOf(this.#decoding, options));
    return { model: this.model, ...data, principle: principle.name };
  }

  override _identifyingParams(): Record<string, unknown> {
    return { ...dataOf(this.#decoding), model: this.#key };
  }

  /** Of the options that a chain sends along, only those that change the answer tell it apart in a cache. */
  override _getSerializedCacheKeyParametersForCall({ outputVersion = this.outputVersion, ...options }: ChatRainCallOptions): string {
    return JSON.stringify({ ...dataOf(requestOf(this.#decoding, options)), model: this.#key, outputVersion });
  }

  /** By the model's own tokenizer; without what its chat format adds. */
  override async getNumTokens(content: MessageContent): Promise<number> {
    const { engine } = await this.#source.hosted({ onNotice: this.#onNotice });
    return engine.tokenizer.tokenize(textOf(content, 0)).length;
  }

  /** The value of the last turn, read off the model's probabilities: what makes this model a judge for a critique or a guardrail. */
  async judge(turns: readonly Turn[], { principle, signal }: Asked): Promise<number> {
    return await this.#asJudge(signal, (judge, limit) => judge.judge(turns, { principle, signal: limit }));
  }

  /** How well it judges by a principle. At first use labelled answers are read for that. */
  async about({ principle, signal }: Asked): Promise<JudgeAbout> {
    return await this.#asJudge(signal, (judge, limit) => judge.about({ principle, signal: limit }));
  }

  override bindTools(
    tools: BindToolsInput[],
    options: Partial<ChatRainCallOptions> = {},
  ): Runnable<BaseLanguageModelInput, AIMessageChunk, ChatRainCallOptions> {
    return this.withConfig({ ...options, tools: definitionsOf(tools) });
  }

  override withStructuredOutput<Output extends object = Record<string, unknown>>(
    schema: OutputSchema<Output>,
    config?: StructuredOutputMethodOptions<false>,
  ): Runnable<BaseLanguageModelInput, Output>;
  override withStructuredOutput<Output extends object = Record<string, unknown>>(
    schema: OutputSchema<Output>,
    config: StructuredOutputMethodOptions<true>,
  ): Runnable<BaseLanguageModelInput, { raw: BaseMessage; parsed: Output }>;
  override withStructuredOutput(schema: OutputSchema<object>, config?: StructuredOutputMethodOptions<boolean>): Runnable {
    return structuredOutput(this, schema, config);
  }

  override async _generate(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    run?: CallbackManagerForLLMRun,
  ): Promise<ChatResult> {
    return await resultOf(this.#write(messages, options, run), this.#outputVersion(options));
  }

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    run?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    for await (const chunk of chunksOf(this.#write(messages, options, run), this.#outputVersion(options))) {
      yield chunk;
      await run?.handleLLMNewToken(chunk.text, undefined, undefined, undefined, undefined, { chunk });
    }
  }

  override async *_streamChatModelEvents(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    run?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatModelStreamEvent> {
    yield* protocolEvents(this.#write(messages, options, run));
  }

  /** Ends all calls of this model, and frees what nobody else uses. */
  async dispose(): Promise<void> {
    this.#calls.end(released());
    await this.#source.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  async #asJudge<Result>(
    signal: AbortSignal | undefined,
    work: (judge: EngineJudge, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    using call = this.#calls.begin(signal);
    const { engine, listen } = await this.#source.hosted({ signal: call.signal, onNotice: this.#onNotice });
    using _ = listen({ onNotice: this.#onNotice });
    const judge = this.#judges.get(engine) ?? this.#judgeOn(engine);
    this.#judges.set(engine, judge);
    return await work(judge, call.signal);
  }

  #judgeOn(engine: Engine): EngineJudge {
    const { checkJudge = true, judgeExamples = DEFAULTS.judgeExamples, judge, judging = DEFAULTS.judging } = this.#fields;
    const find = judge ?? (judging === "auto" ? engine.findJudge : letterJudge);
    return new EngineJudge(engine, { judgeExamples, onNotice: checkJudge ? this.#onNotice : undefined, find, life: this.#calls.life });
  }

  #outputVersion({ outputVersion = this.outputVersion }: this["ParsedCallOptions"]): MessageOutputVersion {
    return outputVersion ?? "v0";
  }

  async *#write(messages: readonly BaseMessage[], options: this["ParsedCallOptions"], run: CallbackManagerForLLMRun | undefined): Steps {
    const turns = turnsOf(messages);
    const { traceSearch = false, checkJudge = true } = this.#fields;
    const { onRainEvent = this.#fields.onRainEvent, signal } = options;
    const listeners = { onRainEvent, run, traceSearch };
    using call = this.#calls.begin(signal);
    const request = requestOf(this.#decoding, options);
    return yield* write({
      source: this.#source,
      turns,
      request,
      listeners,
      signal: call.signal,
      life: this.#calls.life,
      checkJudge,
      onNotice: this.#onNotice,
      trace: this.#fields.trace,
    });
  }
}

const WAITING_RULES = { signal, onProgress: callback } satisfies Record<keyof LoadWaiting, Rule>;

const PROFILE: ModelProfile = {
  toolCalling: true,
  toolChoice: true,
  structuredOutput: true,
  imageInputs: false,
  imageUrlInputs: false,
  pdfInputs: false,
  audioInputs: false,
  videoInputs: false,
  reasoningOutput: false,
  imageOutputs: false,
  audioOutputs: false,
  videoOutputs: false,
};

/** What names a model to people, and in traces: never a path, which may say whose machine it is, nor what an address carries along. */
function modelName(model: string | Engine): string {
  if (typeof model !== "string") return model.facts.model;
  return /^https?:/.test(model) ? basename(new URL(model).pathname) : model.startsWith("hf:") ? model : basename(model);
}

/** What tells two models apart that have the same name. */
function modelKey(model: string | Engine): string {
  const place = typeof model === "string" ? model : JSON.stringify(model.facts);
  return `${modelName(model)}#${createHash("sha256").update(place).digest("hex").slice(0, 12)}`;
}
