import type { BaseMessage, UsageMetadata } from "@langchain/core/messages";
import type { FinishReason, Mode, RainAnswer } from "../../core/index.ts";
import { type JudgeMetadata, judgeMetadata } from "./judge-metadata.ts";

/** How an answer came about: `response_metadata.rain`. Numbers and names only, however long the answer was. */
export interface RainMetadata {
  readonly mode: Mode;
  /** Name of what was judged. */
  readonly principle: string;
  readonly seed: number;
  /** Texts that were tried and left. */
  readonly rewinds: number;
  /** Verdicts of the judge. */
  readonly evaluations: number;
  /** Tokens of the answer, its end token included. */
  readonly committedTokens: number;
  /** Tokens that were drawn and are not in the answer. */
  readonly searchedTokens: number;
  /** What the judge thinks of the answer: -1 (bad) to 1 (good). Missing where nobody judged: in `vanilla` mode, of a refusal. */
  readonly value?: number;
  /** Missing where nobody was to judge: in `vanilla` mode. */
  readonly judge?: JudgeMetadata;
}

/** What comes with every answer. */
export interface ReplyMetadata {
  /** The model's own name, or its file's. */
  readonly model: string;
  readonly finish_reason: FinishReason;
  readonly rain: RainMetadata;
}

/** A whole answer, and what it was asked of. */
export interface Reply {
  readonly answer: RainAnswer;
  readonly model: string;
  readonly mode: Mode;
  readonly principle: string;
}

/** How this message came about; `undefined` for one that no `ChatRain` wrote (a critique's has fields of its own). Typed access to `response_metadata.rain`. */
export function rainMetadata({ response_metadata }: Pick<BaseMessage, "response_metadata">): RainMetadata | undefined {
  const { rain } = response_metadata as Partial<ReplyMetadata>;
  return rain !== undefined && "seed" in rain ? rain : undefined;
}

export function usageOf({ answer: { meter, promptTokens } }: Reply): UsageMetadata {
  return { input_tokens: promptTokens, output_tokens: meter.emitted, total_tokens: promptTokens + meter.emitted };
}

export function metadataOf({ answer, model, mode, principle }: Reply): ReplyMetadata {
  const { finishReason, meter, rewinds, discarded, seed, value, judge } = answer;
  const rain = {
    mode,
    principle,
    seed,
    rewinds,
    evaluations: meter.evaluations,
    committedTokens: meter.emitted,
    searchedTokens: discarded,
    ...(value === undefined ? {} : { value }),
    ...(judge === undefined ? {} : { judge: judgeMetadata(judge.fitness) }),
  };
  return { model, finish_reason: finishReason, rain };
}
