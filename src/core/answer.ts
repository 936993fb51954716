import type { Token } from "./engine.ts";
import type { JudgeReport } from "./judge/verdict.ts";
import type { Cost, Meter } from "./meter.ts";
import type { CutCall, ToolCall } from "./tool.ts";

/** Text that was judged and committed. It is never taken back, so it may be shown at once. */
export interface RainStep {
  readonly tokens: readonly Token[];
  /** Whole characters only; may be empty while a character or a possible stop string is still incomplete. */
  readonly text: string;
  /** What the judge thinks of the answer up to here: -1 (bad) to 1 (good). `undefined` where it was not judged: in `vanilla` mode, of a refusal. */
  readonly value: number | undefined;
  /** How often a value was backed up through this step; 0 where it was not judged. */
  readonly visits: number;
  /** Rewinds it took to find this step. */
  readonly rewinds: number;
  /** A call that was made, whole; such a step has no text. */
  readonly call?: ToolCall;
  /** A call that the length limit has cut, judged as far as it goes; such a step has no text, and is the last one. */
  readonly cutCall?: CutCall;
  /** What the model thought before its answer, whole: only with `thoughts` "judged", where it passed. Such a step has no text and no tokens. */
  readonly thought?: string;
  /** With `logprobs`: of the tokens that the text up to here ends with, and no step before this one had. Missing where there are none. */
  readonly logprobs?: readonly TokenLogprob[];
}

/** How likely the model took a token of a released text. */
export interface TokenLogprob {
  readonly token: Token;
  /** What it reads as behind those before it; part of a character as U+FFFD. */
  readonly text: string;
  /** Natural logarithm of its probability among all tokens: the model's own, before temperature, samplers, a format or the judge. At most 0. */
  readonly logprob: number;
}

/** Why an answer ended: by itself or at a stop string, at a length limit, because nothing acceptable was found, or to wait for results. */
export type FinishReason = "stop" | "length" | "content_filter" | "tool_calls";

/** A whole answer, with its account. */
export interface RainAnswer {
  readonly text: string;
  /** What the model thought before it, where that was released. Never part of `text`. */
  readonly thought?: string;
  /** What it calls, behind its text. Missing where there were no tools. */
  readonly calls?: readonly ToolCall[];
  /** A call behind these that the length limit has cut. */
  readonly cutCall?: CutCall;
  readonly finishReason: FinishReason;
  readonly value: number | undefined;
  readonly rewinds: number;
  readonly seed: number;
  /** Length of the conversation, as the model reads it. */
  readonly promptTokens: number;
  /** With `contextShift`: the oldest turns that were left out, to make room for the answer. Missing where none was. */
  readonly droppedTurns?: number;
  readonly meter: Meter;
  readonly cost: Cost;
  /** Who judged it, and how well. Missing where it was asked to be plain. */
  readonly judge?: JudgeReport;
  /** Tokens that were drawn for a draft, an expansion or a simulation and are not in the answer. */
  readonly discarded: number;
}

/** What happens inside, as it happens. Never carries discarded text unless `revealDiscarded` is on. */
export type RainEvent =
  | {
      readonly type: "rewind";
      /** Length of the committed answer that the search went back to, in tokens. */
      readonly committed: number;
      /** Which pass of the inner loop this was, from 1. */
      readonly iteration: number;
      /** Value of what was tried and left. */
      readonly value: number;
      /** What was tried: only with `revealDiscarded`. */
      readonly discarded?: string;
    }
  | { readonly type: "commit"; readonly step: RainStep };

/** An answer as it is written. The generator's return value is the whole answer. */
export type Answering = AsyncGenerator<RainStep, RainAnswer, void>;

/** Waits for the end of an answer. */
export async function wholeAnswer(answering: Answering): Promise<RainAnswer> {
  let next = await answering.next();
  while (!next.done) next = await answering.next();
  return next.value;
}
