/** Answers in the shapes of OpenAI's chat completions, and what is known of their making beside them. */
import { randomUUID } from "node:crypto";
import type { FinishReason, RainAnswer, RainStep, Settings, ToolCall } from "../core/index.ts";
import { callId, type ToldLogprobs } from "../serving/index.ts";

/** Of one request: the same in all of its chunks. */
export interface CompletionHead {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly model: string;
}

/** @param now milliseconds since 1970 */
export function headOf(model: string, now: number): CompletionHead {
  return { id: `chatcmpl-${randomUUID().replaceAll("-", "")}`, created: Math.floor(now / 1000), model };
}

/** A call as clients know it. */
export interface ToldCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
}

export function toldCall({ name, arguments: values }: ToolCall): ToldCall {
  return {
    id: callId(),
    type: "function",
    function: { name, arguments: JSON.stringify(values) },
  };
}

/** One of the answers to a request. */
export interface Choice {
  readonly index: number;
  readonly answer: RainAnswer;
  readonly calls: readonly ToldCall[];
  readonly logprobs: ToldLogprobs | undefined;
}

/** The whole response. */
export function completion(head: CompletionHead, choices: readonly Choice[], settings: Settings): object {
  return {
    id: head.id,
    object: "chat.completion",
    created: head.created,
    model: head.model,
    choices: choices.map(({ index, answer, calls, logprobs }) => ({
      index,
      message: {
        role: "assistant",
        content: answer.text === "" && calls.length > 0 ? null : answer.text,
        refusal: null,
        ...(answer.thought === undefined ? {} : { reasoning_content: answer.thought }),
        ...(calls.length === 0 ? {} : { tool_calls: calls }),
      },
      logprobs: logprobs === undefined ? null : { ...logprobs, refusal: null },
      finish_reason: answer.finishReason satisfies FinishReason,
    })),
    usage: usageOf(choices.map(({ answer }) => answer)),
    rain: rainOf(choices, settings),
  };
}

/** What a part of a stream brings. */
export type Delta = Readonly<Record<string, unknown>>;

/** One choice's part of a chunk. */
export interface ChunkPart {
  readonly index: number;
  readonly delta: Delta;
  /** Of the text in it. */
  readonly logprobs?: ToldLogprobs | undefined;
  /** Of the last chunk of a choice. */
  readonly finish?: FinishReason;
}

/** A chunk of a stream. `usage` is missing where it was not asked for, and `null` in all chunks but the last where it was. */
export function chunk({ id, created, model }: CompletionHead, part: ChunkPart | undefined, includesUsage: boolean): object {
  const choices = part === undefined ? [] : [choiceOf(part)];
  return { id, object: "chat.completion.chunk", created, model, choices, ...(includesUsage ? { usage: null } : {}) };
}

function choiceOf({ index, delta, logprobs, finish }: ChunkPart): object {
  return { index, delta, logprobs: logprobs === undefined ? null : { ...logprobs, refusal: null }, finish_reason: finish ?? null };
}

/** What a step adds to a stream: its text, its thought or its call, whole; nothing where a character or a stop string is still incomplete. */
export function deltasOf({ text, thought = "" }: RainStep, call: ToldCall | undefined, callsBefore: number): readonly Delta[] {
  return [
    ...(thought === "" ? [] : [{ reasoning_content: thought }]),
    ...(text === "" ? [] : [{ content: text }]),
    ...(call === undefined ? [] : [{ tool_calls: [{ index: callsBefore, ...call }] }]),
  ];
}

/** What was read and written. What was written and left is `rejected_prediction_tokens`, the typed place that clients have for it. */
export function usageOf(answers: readonly RainAnswer[]) {
  const sum = (of: (answer: RainAnswer) => number) => answers.reduce((total, answer) => total + of(answer), 0);
  const prompt = answers[0]?.promptTokens ?? 0;
  const reasoning = sum(({ meter }) => meter.thoughtTokens);
  const written = sum(({ meter }) => meter.emitted) + reasoning;
  return {
    prompt_tokens: prompt,
    completion_tokens: written,
    total_tokens: prompt + written,
    prompt_tokens_details: { cached_tokens: Math.max(0, prompt - Math.max(0, ...answers.map(({ meter }) => meter.spent.prompt.tokens))) },
    completion_tokens_details: { reasoning_tokens: reasoning, rejected_prediction_tokens: sum(({ discarded }) => discarded) },
  };
}

/**
 * How the answer came about: of several, the first one's value, seed and cut call, and all that was spent. Never a text that was left. A call that was cut stands here and not among
 * the calls: clients mend half a call into one that the model has not made, and make it.
 */
export function rainOf(choices: readonly Pick<Choice, "answer">[], { mode, principle, refusal }: Settings): object {
  const answers = choices.map(({ answer }) => answer);
  const first = answers[0];
  const sum = (of: (answer: RainAnswer) => number) => answers.reduce((total, answer) => total + of(answer), 0);
  const isRefusal = ({ finishReason, text }: RainAnswer) => finishReason === "content_filter" && text === refusal;
  return {
    mode,
    principle: mode === "vanilla" ? null : principle.name,
    value: first?.value ?? null,
    seed: first?.seed ?? null,
    refused: answers.length > 0 && answers.every(isRefusal),
    rewinds: sum(({ rewinds }) => rewinds),
    evaluations: sum(({ meter }) => meter.evaluations),
    discarded_tokens: sum(({ discarded }) => discarded),
    forward_tokens: sum(({ meter }) => meter.forward),
    dropped_turns: first?.droppedTurns ?? 0,
    cut_call: first?.cutCall === undefined ? null : { name: first.cutCall.name ?? null, arguments: first.cutCall.arguments },
    judge: first?.judge ?? null,
  };
}
