import { randomUUID } from "node:crypto";
import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import type { BaseLanguageModelInput, StructuredOutputMethodOptions } from "@langchain/core/language_models/base";
import { BaseChatModel, type BindToolsInput, type LangSmithParams } from "@langchain/core/language_models/chat_models";
import type { ChatModelStreamEvent } from "@langchain/core/language_models/event";
import type { ModelProfile } from "@langchain/core/language_models/profile";
import type { AIMessageChunk, BaseMessage, MessageContent, MessageOutputVersion } from "@langchain/core/messages";
import type { ChatGenerationChunk, ChatResult } from "@langchain/core/outputs";
import type { Runnable } from "@langchain/core/runnables";
import {
  callback,
  checkByRules,
  complaint,
  DEFAULTS,
  deriveSeed,
  EitherSignal,
  type Engine,
  OptionError,
  type RainOptions,
  type Rule,
  signal,
  type Turn,
} from "../../../core/index.ts";
import { letterJudge } from "../../../judges/index.ts";
import { requiresCall } from "../../../serving/index.ts";
import { emit, warn } from "../../judging/events.ts";
import { EngineJudge, type JudgeAbout, type TextJudge } from "../../judging/text-judge.ts";
import { type EngineSource, type HostedEngine, type LoadProgress, loadOptions, released, sourceOf } from "../engine-source.ts";
import { type JudgeCall, judgeReady, usingEngine } from "../judges.ts";
import { generationChunks, protocolEvents } from "../streaming.ts";
import { type AnswerSteps, chunksOf, heardBy, resultOf, together, writeAnswer } from "./answer.ts";
import {
  type ChatRainCallOptions,
  type ChatRainFields,
  checkedFields,
  dataOf,
  inSteps,
  modelKey,
  modelName,
  requestOf,
  SERIALIZED_FIELDS,
  spelledOtherwise,
  standingOptions,
} from "./fields.ts";
import { textOf, turnsOf } from "./messages.ts";
import { type OutputSchema, structuredOutput } from "./structured-output.ts";
import { definitionsOf } from "./tools.ts";

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
 * on, LangChain's `ContextOverflowError` with a `ContextFullError` as its cause, `JudgeError`, `ExhaustedError`, and with the signal's own reason
 * when they are aborted.
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
  readonly #noticed = new Set<string>();

  /** @throws {OptionError} for options that cannot be meant */
  constructor(fields: ChatRainFields = {}) {
    const known = checkedFields(fields);
    super(known);
    const { model = "embedded", name, streaming, disableStreaming = streaming === false } = known;
    this.#fields = known;
    this.#decoding = standingOptions(known);
    this.#onNotice = known.onNotice ?? warn;
    this.model = modelName(model);
    this.#key = modelKey(model);
    this.disableStreaming = disableStreaming;
    if (name !== undefined) this.name = name;
    this.#source = sourceOf(model, loadOptions(known));
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
      const hosted = await model.#source.hosted(listener);
      using _ = hosted.use(listener);
      await judgeReady(hosted, model.#decoding, waiting.signal, model.#calls.life);
      return model;
    } catch (error) {
      // The caller has no model to dispose of, and could not end what is still being loaded.
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
    const { facts } = this.#source.current?.engine ?? {};
    const { contextSize } = facts ?? {};
    const { maxTokens = contextSize, thoughts = DEFAULTS.thoughts } = this.#decoding;
    return {
      ...PROFILE,
      // A base model has never seen a call: it makes one where it must, and none by itself. Before it is loaded, nobody knows.
      ...(facts === undefined ? {} : { toolCalling: facts.isBaseModel !== true }),
      reasoningOutput: thoughts === "judged",
      ...(maxTokens === undefined ? {} : { maxOutputTokens: maxTokens }),
      ...(contextSize === undefined ? {} : { maxInputTokens: contextSize }),
    };
  }

  override getLsParams(options: this["ParsedCallOptions"]): LangSmithParams {
    const { temperature = DEFAULTS.temperature, maxTokens, stop = [] } = requestOf(this.#decoding, options);
    return {
      ls_provider: "rain",
      ls_model_name: this.model,
      ls_model_type: "chat",
      ls_temperature: temperature,
      ls_stop: [...stop],
      ...(maxTokens === undefined ? {} : { ls_max_tokens: maxTokens }),
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
    const { n = this.#fields.n } = options;
    return JSON.stringify({ ...dataOf(requestOf(this.#decoding, options)), model: this.#key, outputVersion, n });
  }

  /** By the model's own tokenizer; without what its chat format adds. */
  override async getNumTokens(content: MessageContent): Promise<number> {
    const { engine } = await this.#source.hosted({ onNotice: this.#onNotice });
    return engine.tokenizer.tokenize(textOf(content, 0)).length;
  }

  /** The value of the last turn, read off the model's probabilities: what makes this model a judge for a critique or a guardrail. */
  async judge(turns: readonly Turn[], { principle, signal }: JudgeCall): Promise<number> {
    return await this.#asJudge(signal, (judge, limit) => judge.judge(turns, { principle, signal: limit }));
  }

  /** How well it judges by a principle. At first use labelled answers are read for that. */
  async about({ principle, signal }: JudgeCall): Promise<JudgeAbout> {
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
    const { n = this.#fields.n ?? 1, seed = this.#decoding.seed as number } = options;
    const answers = Array.from({ length: n }, async (_, index) => {
      // Of those that differ by chance, each is drawn by another seed anyway.
      const own = index === 0 || seed === -1 ? options : { ...options, seed: deriveSeed(seed, index) };
      const steps = this.#write(messages, own, run);
      return await resultOf(this.#fields.streaming ? heardBy(run, steps) : steps, this.#outputVersion(options));
    });
    return together(await Promise.all(answers));
  }

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    run?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    this.#checkOne(options);
    const form = { version: this.#outputVersion(options), id: `run-${run?.runId ?? randomUUID()}` };
    yield* generationChunks(chunksOf(this.#write(messages, options, run, inSteps), form), run);
  }

  override async *_streamChatModelEvents(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    run?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatModelStreamEvent> {
    this.#checkOne(options);
    yield* protocolEvents(chunksOf(this.#write(messages, options, run, inSteps), { version: "v0" }));
  }

  /** Ends all calls of this model, and frees what no other one uses. */
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
    const { engine, use } = await this.#source.hosted({ signal: call.signal, onNotice: this.#onNotice });
    using _ = use({ onNotice: this.#onNotice });
    const judge = this.#judges.get(engine) ?? this.#judgeOn({ engine, use });
    this.#judges.set(engine, judge);
    return await work(judge, call.signal);
  }

  #judgeOn({ engine, use }: Pick<HostedEngine, "engine" | "use">): EngineJudge {
    const { checkJudge = true, judgeExamples = DEFAULTS.judgeExamples, judge, judging = DEFAULTS.judging } = this.#fields;
    const finding = judge ?? (judging === "auto" ? engine.findJudge : letterJudge);
    const find = finding && usingEngine(finding, use);
    return new EngineJudge(engine, { judgeExamples, onNotice: checkJudge ? this.#onNotice : undefined, find, life: this.#calls.life });
  }

  /** Options of other models mean nothing here; those that are spelled nearly as ours are told, each once. */
  #noticeOthers(options: object): void {
    for (const notice of spelledOtherwise(options)) {
      if (this.#noticed.has(notice)) continue;
      this.#noticed.add(notice);
      emit(this.#onNotice, notice);
    }
  }

  /** What is streamed is one answer. */
  #checkOne({ n = this.#fields.n ?? 1 }: this["ParsedCallOptions"]): void {
    if (n !== 1) throw new OptionError("n", complaint("n", "1 where the answer is streamed (`generate` gives several)", n), n);
  }

  #outputVersion({ outputVersion = this.outputVersion }: this["ParsedCallOptions"]): MessageOutputVersion {
    return outputVersion ?? "v0";
  }

  async *#write(
    messages: readonly BaseMessage[],
    options: this["ParsedCallOptions"],
    run: CallbackManagerForLLMRun | undefined,
    asWritten: (request: RainOptions) => RainOptions = (request) => request,
  ): AnswerSteps {
    const turns = turnsOf(messages);
    const request = requestOf(this.#decoding, options);
    this.#noticeOthers(options);
    const { traceSearch = false, checkJudge = true, trace } = this.#fields;
    const { onRainEvent = this.#fields.onRainEvent } = options;
    using call = this.#calls.begin(options.signal, this.#fields.timeout);
    return yield* writeAnswer({
      model: this.model,
      source: this.#source,
      turns,
      options: asWritten(request),
      listeners: { onRainEvent, run, traceSearch },
      signal: call.signal,
      life: this.#calls.life,
      checkJudge,
      onNotice: this.#onNotice,
      trace,
      // Where an object is asked for, the parser says that it is missing.
      requiresCall: requiresCall(request) && options.ls_structured_output_format === undefined,
    });
  }
}

const WAITING_RULES = { signal, onProgress: callback } satisfies Record<keyof LoadWaiting, Rule>;

const PROFILE: ModelProfile = {
  toolChoice: true,
  structuredOutput: true,
  imageInputs: false,
  imageUrlInputs: false,
  pdfInputs: false,
  audioInputs: false,
  videoInputs: false,
  imageOutputs: false,
  audioOutputs: false,
  videoOutputs: false,
};

/** The calls that a model is busy with, so that all of them can be ended. */
class Calls {
  readonly #life = new AbortController();

  /** A signal for one call: aborted with `signal`, after `timeout` milliseconds, or when all are ended. `[Symbol.dispose]` lets go of all. */
  begin(signal: AbortSignal | undefined, timeout?: number): { readonly signal: AbortSignal } & Disposable {
    const late = new AbortController();
    const tooLate = () => late.abort(new DOMException(`Expected an answer within ${timeout} ms, got none (\`timeout\`)`, "TimeoutError"));
    const timer = timeout === undefined ? undefined : setTimeout(tooLate, timeout);
    const either = new EitherSignal(this.life, signal, late.signal);
    return {
      signal: either.signal,
      [Symbol.dispose]: () => {
        clearTimeout(timer);
        either[Symbol.dispose]();
      },
    };
  }

  /** Aborted when all are ended, for what goes on between calls. */
  get life(): AbortSignal {
    return this.#life.signal;
  }

  /** Ends all calls, those that begin later included. */
  end(reason: Error): void {
    this.#life.abort(reason);
  }
}
