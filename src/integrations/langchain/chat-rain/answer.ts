/** One answer of the core as LangChain's messages: chunk by chunk, or whole; with its account. */
import { writeFile } from "node:fs/promises";
import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import { ContextOverflowError } from "@langchain/core/errors";
import {
  AIMessage,
  AIMessageChunk,
  type BaseMessage,
  type MessageContent,
  type MessageOutputVersion,
  type UsageMetadata,
} from "@langchain/core/messages";
import type { ToolCallChunk } from "@langchain/core/messages/tool";
import type { ChatResult } from "@langchain/core/outputs";
import {
  ContextFullError,
  type CutCall,
  DEFAULTS,
  type Engine,
  type FinishReason,
  type Mode,
  type RainAnswer,
  type RainOptions,
  type RainStep,
  type ToolCall,
  type Turn,
} from "../../../core/index.ts";
import { promptingNotice } from "../../../prompting/index.ts";
import { callId, checkRequiredCall, type ToldLogprobs, toldLogprobs, withWritableSchemas } from "../../../serving/index.ts";
import { Trace, tracePage } from "../../../trace/index.ts";
import { emit } from "../../judging/events.ts";
import { type JudgeMetadata, judgeMetadata, noticeUnfitJudge } from "../../judging/text-judge.ts";
import type { EngineSource } from "../engine-source.ts";
import { judgeReady } from "../judges.ts";
import { AnswerEvents, type AnswerListeners } from "./answer-events.ts";
import type { ChatRainFields } from "./fields.ts";

/** How an answer came about: `response_metadata.rain`. Numbers and names only, however long the answer was. */
export interface RainMetadata {
  readonly mode: Mode;
  /** Name of what was judged. */
  readonly principle: string;
  readonly seed: number;
  /** Texts that were tried and left. */
  readonly rewinds: number;
  /** With `contextShift`: the oldest messages that were left out. Missing where none was. */
  readonly droppedTurns?: number;
  /** Verdicts of the judge. */
  readonly evaluations: number;
  /** Tokens of the answer, its end token included. */
  readonly committedTokens: number;
  /** Tokens that were drawn and are not in the answer. */
  readonly searchedTokens: number;
  /** What the judge thinks of the answer: -1 (bad) to 1 (good). Missing where nothing was judged: in `vanilla` mode, of a refusal. */
  readonly value?: number;
  /** Missing where nothing was to be judged: in `vanilla` mode. */
  readonly judge?: JudgeMetadata;
}

/** What comes with every answer. */
export interface ReplyMetadata {
  /** As in traces: what the model was named when the chat model was made, of a path the file alone. */
  readonly model: string;
  readonly model_provider: "rain";
  readonly finish_reason: FinishReason;
  readonly rain: RainMetadata;
  /** With `logprobs`: in the form of OpenAI's models. In a stream each part has those of its own text. */
  readonly logprobs?: ToldLogprobs;
}

/** How this message came about; `undefined` for one that no `ChatRain` wrote (a critique's has fields of its own). Typed access to `response_metadata.rain`. */
export function rainMetadata({ response_metadata }: Pick<BaseMessage, "response_metadata">): RainMetadata | undefined {
  const { rain } = response_metadata as Partial<ReplyMetadata>;
  return rain !== undefined && "seed" in rain ? rain : undefined;
}

/** What one answer is asked for with. */
interface AnswerCall {
  /** What the model is called. */
  readonly model: string;
  readonly source: EngineSource;
  readonly turns: readonly Turn[];
  readonly options: RainOptions;
  readonly listeners: AnswerListeners;
  readonly signal: AbortSignal;
  /** Of the chat model. */
  readonly life: AbortSignal;
  readonly checkJudge: boolean;
  readonly onNotice: (notice: string) => void;
  readonly trace: ChatRainFields["trace"];
  /** Whether an answer without a call is of no use, and nobody looks behind it. */
  readonly requiresCall: boolean;
}

/** An answer as it is written, and its account in the end. */
export type AnswerSteps = AsyncGenerator<RainStep, AnswerAccount, void>;

/** What comes with the last part of an answer. Spread as an `object`: LangChain's types, read with `exactOptionalPropertyTypes`, let no message have usage. */
interface AnswerAccount {
  readonly usage_metadata: UsageMetadata;
  readonly response_metadata: ReplyMetadata;
}

/** Writes one answer, in its turn among all that this engine is asked for. */
export async function* writeAnswer(request: AnswerCall): AnswerSteps {
  const { source, turns, listeners, signal, life, checkJudge, onNotice, trace, requiresCall } = request;
  const { engine, queue, use } = await source.hosted({ signal, onNotice });
  noticePrompting(engine, request.options, onNotice);
  using _ = use({ onNotice });
  const events = new AnswerEvents(listeners);
  // Where nobody says how long an answer may be, as long as the context lets it.
  const writable = withWritableSchemas(request.options, engine, (notice) => noticeOnce(engine, notice, onNotice));
  const options = { maxTokens: engine.facts.contextSize, ...writable, signal, onEvent: events.onEvent };
  const traced = trace === undefined ? undefined : new Trace(turns, options);
  try {
    await judgeReady({ engine, use }, request.options, signal, life);
    const answer = yield* queue.rain(turns, traced?.options ?? options);
    traced?.end(answer);
    if (requiresCall) checkRequiredCall(answer, "maxTokens");
    if (checkJudge) noticeUnfitJudge(engine, answer.judge?.fitness, onNotice);
    await events.ended(answer.finishReason);
    return accountOf(answer, request);
  } catch (thrown) {
    const error = thrown instanceof ContextFullError ? ContextOverflowError.fromError(thrown) : thrown;
    await events.failed(error);
    throw error;
  } finally {
    if (traced !== undefined && trace !== undefined) await handOver(tracePage(traced.data(engine.facts.model)), trace, onNotice);
  }
}

/** The same; callbacks hear of each text when it is released. */
export async function* heardBy(run: CallbackManagerForLLMRun | undefined, steps: AnswerSteps): AnswerSteps {
  let next = await steps.next();
  for (; !next.done; next = await steps.next()) {
    if (next.value.text !== "") await run?.handleLLMNewToken(next.value.text);
    yield next.value;
  }
  return next.value;
}

/** How a message is put together. */
interface MessageForm {
  readonly version: MessageOutputVersion;
  /** What all pieces of it are known by, where they are: LangChain gives ids only to what has a run. */
  readonly id?: string;
}

/** A message piece by piece. The last one has nothing to read: usage, which is added up over pieces and so stands in it alone, and metadata. */
export async function* chunksOf(steps: AnswerSteps, { version, id }: MessageForm): AsyncGenerator<AIMessageChunk, void, void> {
  const named = id === undefined ? {} : { id };
  let calls = 0;
  let account: AnswerAccount | undefined;
  // Leaving the loop early ends the writing.
  const watched = (async function* () {
    account = yield* steps;
  })();
  let thought: string | undefined;
  for await (const step of watched) {
    const { text, call, cutCall } = step;
    thought ??= step.thought;
    if (step.thought !== undefined) yield new AIMessageChunk({ ...named, content: [reasoning(step.thought)] });
    if (text !== "") yield new AIMessageChunk({ ...named, content: contentOf(text, { version, thought }), ...logprobsIn([step]) });
    const chunk = call === undefined ? cutCall && cutChunk(cutCall) : callChunk(call);
    if (chunk === undefined) continue;
    yield new AIMessageChunk({ ...named, content: contentOf("", { version, thought }), tool_call_chunks: [{ ...chunk, index: calls++ }] });
  }
  yield new AIMessageChunk({ ...named, content: contentOf("", { version, thought }), ...(account as object | undefined) });
}

function callChunk({ name, arguments: args }: ToolCall): ToolCallChunk {
  return { type: "tool_call_chunk", id: callId(), name, args: JSON.stringify(args) };
}

/** Without an id: with one, LangChain would mend it into a call that the model has not made. */
function cutChunk({ name = "", arguments: args }: CutCall): ToolCallChunk {
  return { type: "tool_call_chunk", name, args };
}

/** A whole message, of the same steps. */
export async function resultOf(steps: AnswerSteps, version: MessageOutputVersion): Promise<ChatResult> {
  const tool_calls: AIMessage["tool_calls"] = [];
  const invalid_tool_calls: AIMessage["invalid_tool_calls"] = [];
  let text = "";
  let thought: string | undefined;
  const told: RainStep[] = [];
  let next = await steps.next();
  for (; !next.done; next = await steps.next()) {
    const { text: more, call, cutCall } = next.value;
    told.push(next.value);
    thought ??= next.value.thought;
    text += more;
    if (call !== undefined) tool_calls.push({ type: "tool_call", id: callId(), name: call.name, args: { ...call.arguments } });
    if (cutCall !== undefined) invalid_tool_calls.push({ ...cutChunk(cutCall), type: "invalid_tool_call", error: CUT });
  }
  const { input_tokens: promptTokens, output_tokens: completionTokens, total_tokens: totalTokens } = next.value.usage_metadata;
  const said = contentOf(text, { version, thought });
  const content = thought === undefined ? said : [reasoning(thought), ...said];
  const message = new AIMessage({ content: content as MessageContent, tool_calls, invalid_tool_calls, ...(next.value as object) });
  Object.assign(message.response_metadata, logprobsIn(told).response_metadata);
  return { generations: [{ text, message }], llmOutput: { tokenUsage: { promptTokens, completionTokens, totalTokens } } };
}

/** What is said of the tokens of these steps, as metadata. */
function logprobsIn(steps: readonly RainStep[]): { readonly response_metadata?: { readonly logprobs: ToldLogprobs } } {
  const logprobs = toldLogprobs(steps);
  return logprobs === undefined ? {} : { response_metadata: { logprobs } };
}

/** Several answers to one prompt, which was read once. */
export function together(results: readonly ChatResult[]): ChatResult {
  const usages = results.map(({ llmOutput }) => llmOutput?.["tokenUsage"] as TokenUsage);
  const promptTokens = usages[0]?.promptTokens ?? 0;
  const completionTokens = usages.reduce((sum, usage) => sum + usage.completionTokens, 0);
  const tokenUsage: TokenUsage = { promptTokens, completionTokens, totalTokens: promptTokens + completionTokens };
  return { generations: results.flatMap(({ generations }) => generations), llmOutput: { tokenUsage } };
}

interface TokenUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly totalTokens: number;
}

const CUT = "Expected a whole call, got one that `maxTokens` has cut";

/** What was released of a thought, as a block of its own in front of the text. */
function reasoning(thought: string) {
  return { type: "reasoning" as const, reasoning: thought, index: 0 };
}

/** As blocks, pieces with one index are one block in the end. Behind a thought all is blocks. */
function contentOf(text: string, { version, thought }: { readonly version: MessageOutputVersion; readonly thought: string | undefined }) {
  if (version === "v0" && thought === undefined) return text;
  return text === "" ? [] : [{ type: "text" as const, text, index: thought === undefined ? 0 : 1 }];
}

function accountOf(answer: RainAnswer, { model, options }: AnswerCall): AnswerAccount {
  const { finishReason, meter, promptTokens, rewinds, droppedTurns, discarded, seed, value, judge } = answer;
  const { mode = DEFAULTS.mode, principle = DEFAULTS.principle } = options;
  const rain = {
    mode,
    principle: principle.name,
    seed,
    rewinds,
    ...(droppedTurns === undefined ? {} : { droppedTurns }),
    evaluations: meter.evaluations,
    committedTokens: meter.emitted,
    searchedTokens: discarded,
    ...(value === undefined ? {} : { value }),
    ...(judge === undefined ? {} : { judge: judgeMetadata(judge) }),
  };
  const output = meter.emitted + meter.thoughtTokens;
  const details = meter.thoughtTokens === 0 ? {} : { output_token_details: { reasoning: meter.thoughtTokens } };
  return {
    usage_metadata: {
      input_tokens: promptTokens,
      output_tokens: output,
      total_tokens: promptTokens + output,
      input_token_details: { cache_read: Math.max(0, promptTokens - meter.spent.prompt.tokens) },
      ...details,
    },
    response_metadata: { model, model_provider: "rain", finish_reason: finishReason, rain },
  };
}

/** A page that cannot be handed over is no reason to lose the answer. */
async function handOver(page: string, trace: NonNullable<ChatRainFields["trace"]>, onNotice: (notice: string) => void): Promise<void> {
  try {
    await (typeof trace === "function" ? trace(page) : writeFile(trace, page));
  } catch (error) {
    onNotice(`Expected \`trace\` to take a page, got: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Engines that are prompted in a way that was not asked for, of which it was said; for all chat models of a process. */
const PROMPTED = new WeakSet<Engine>();

function noticePrompting(engine: Engine, options: RainOptions, onNotice: (notice: string) => void): void {
  const notice = PROMPTED.has(engine) ? undefined : promptingNotice(engine, options);
  if (notice === undefined) return;
  PROMPTED.add(engine);
  emit(onNotice, notice);
}

/** What was said by engine, for all chat models of a process. */
const NOTICED = new WeakMap<Engine, Set<string>>();

function noticeOnce(engine: Engine, notice: string, onNotice: (notice: string) => void): void {
  const noticed = NOTICED.get(engine) ?? new Set<string>();
  NOTICED.set(engine, noticed);
  if (noticed.has(notice)) return;
  noticed.add(notice);
  emit(onNotice, notice);
}
