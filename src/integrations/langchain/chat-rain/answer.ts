/** One answer of the core as LangChain's messages: chunk by chunk, or whole; with its account. */
import { writeFile } from "node:fs/promises";
import { ContextOverflowError } from "@langchain/core/errors";
import {
  AIMessage,
  AIMessageChunk,
  type BaseMessage,
  type MessageContent,
  type MessageOutputVersion,
  type ToolCall,
  type UsageMetadata,
} from "@langchain/core/messages";
import type { ChatResult } from "@langchain/core/outputs";
import {
  ContextFullError,
  DEFAULTS,
  type Engine,
  type FinishReason,
  type Mode,
  type RainAnswer,
  type RainOptions,
  type RainStep,
  type Turn,
} from "../../../core/index.ts";
import { promptingNotice } from "../../../prompting/index.ts";
import { callId } from "../../../serving/index.ts";
import { Trace, tracePage } from "../../../trace/index.ts";
import type { EngineSource } from "../engine-source.ts";
import { emit } from "../events.ts";
import { type JudgeMetadata, judgeMetadata, judgeReady, noticeUnfitJudge } from "../judges.ts";
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
  /** The model's own name, or its file's. */
  readonly model: string;
  readonly finish_reason: FinishReason;
  readonly rain: RainMetadata;
}

/** How this message came about; `undefined` for one that no `ChatRain` wrote (a critique's has fields of its own). Typed access to `response_metadata.rain`. */
export function rainMetadata({ response_metadata }: Pick<BaseMessage, "response_metadata">): RainMetadata | undefined {
  const { rain } = response_metadata as Partial<ReplyMetadata>;
  return rain !== undefined && "seed" in rain ? rain : undefined;
}

/** What one answer is asked for with. */
interface AnswerCall {
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
  const { source, turns, listeners, signal, life, checkJudge, onNotice, trace } = request;
  const { engine, queue, listen } = await source.hosted({ signal, onNotice });
  noticePrompting(engine, request.options, onNotice);
  using _ = listen({ onNotice });
  const events = new AnswerEvents(listeners);
  const options = { ...request.options, signal, onEvent: events.onEvent };
  const traced = trace === undefined ? undefined : new Trace(turns, options);
  try {
    await judgeReady(engine, request.options, signal, life);
    const answer = yield* queue.rain(turns, traced?.options ?? options);
    traced?.end(answer);
    if (checkJudge) noticeUnfitJudge(engine, answer.judge?.fitness, onNotice);
    await events.ended(answer.finishReason);
    return accountOf(answer, engine.facts.model, request.options);
  } catch (thrown) {
    const error = thrown instanceof ContextFullError ? ContextOverflowError.fromError(thrown) : thrown;
    await events.failed(error);
    throw error;
  } finally {
    if (traced !== undefined && trace !== undefined) await handOver(tracePage(traced.data(engine.facts.model)), trace, onNotice);
  }
}

/** A message piece by piece. The last one has nothing to read: usage, which is added up over pieces and so stands in it alone, and metadata. */
export async function* chunksOf(steps: AnswerSteps, version: MessageOutputVersion): AsyncGenerator<AIMessageChunk, void, void> {
  let calls = 0;
  let account: AnswerAccount | undefined;
  // Leaving the loop early ends the writing.
  const watched = (async function* () {
    account = yield* steps;
  })();
  let thought: string | undefined;
  for await (const step of watched) {
    const { text, call } = step;
    thought ??= step.thought;
    if (step.thought !== undefined) yield new AIMessageChunk({ content: [reasoning(step.thought)] });
    if (text !== "") yield new AIMessageChunk({ content: contentOf(text, { version, thought }) });
    if (call === undefined) continue;
    const { name, arguments: args } = call;
    const chunk = { type: "tool_call_chunk", id: callId(), name, args: JSON.stringify(args), index: calls++ } as const;
    yield new AIMessageChunk({ content: contentOf("", { version, thought }), tool_call_chunks: [chunk] });
  }
  yield new AIMessageChunk({ content: contentOf("", { version, thought }), ...(account as object | undefined) });
}

/** A whole message, of the same steps. */
export async function resultOf(steps: AnswerSteps, version: MessageOutputVersion): Promise<ChatResult> {
  const tool_calls: ToolCall[] = [];
  let text = "";
  let thought: string | undefined;
  let next = await steps.next();
  for (; !next.done; next = await steps.next()) {
    const { text: more, call } = next.value;
    thought ??= next.value.thought;
    text += more;
    if (call !== undefined) tool_calls.push({ type: "tool_call", id: callId(), name: call.name, args: { ...call.arguments } });
  }
  const { input_tokens: promptTokens, output_tokens: completionTokens, total_tokens: totalTokens } = next.value.usage_metadata;
  const said = contentOf(text, { version, thought });
  const content = thought === undefined ? said : [reasoning(thought), ...said];
  const message = new AIMessage({ content: content as MessageContent, tool_calls, ...(next.value as object) });
  return { generations: [{ text, message }], llmOutput: { tokenUsage: { promptTokens, completionTokens, totalTokens } } };
}

/** What was released of a thought, as a block of its own in front of the text. */
function reasoning(thought: string) {
  return { type: "reasoning" as const, reasoning: thought, index: 0 };
}

/** As blocks, pieces with one index are one block in the end. Behind a thought all is blocks. */
function contentOf(text: string, { version, thought }: { readonly version: MessageOutputVersion; readonly thought: string | undefined }) {
  if (version === "v0" && thought === undefined) return text;
  return text === "" ? [] : [{ type: "text" as const, text, index: thought === undefined ? 0 : 1 }];
}

function accountOf(answer: RainAnswer, model: string, options: RainOptions): AnswerAccount {
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
    usage_metadata: { input_tokens: promptTokens, output_tokens: output, total_tokens: promptTokens + output, ...details },
    response_metadata: { model, finish_reason: finishReason, rain },
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

/** Engines of which it was said, for all chat models of a process. */
const NOTICED = new WeakSet<Engine>();

/** Tells once of an engine that is prompted in a way that was not asked for. */
function noticePrompting(engine: Engine, options: RainOptions, onNotice: (notice: string) => void): void {
  const notice = NOTICED.has(engine) ? undefined : promptingNotice(engine, options);
  if (notice === undefined) return;
  NOTICED.add(engine);
  emit(onNotice, notice);
}
