/** The ways in which a real model's answers are written: plainly, by this package, and as people do it without. */
import {
  AnswerQueue,
  type Call,
  DEFAULTS,
  type Engine,
  type NextTokenQuery,
  type NextTokens,
  type RainAnswer,
  type RainOptions,
} from "rain-align";
import type { TaskQuestion } from "../src/evaluation/index.ts";
import { TurnJudge } from "../src/judges/index.ts";
import { PassOn } from "./pass-on.ts";

/** In the order in which they are measured: the best of so many is as many as `adaptive` costs. `zero-shot`: of a model that learns from examples how to answer, without these. */
export const WAYS = ["plain", "adaptive", "best-of-equal", "guard", "paper", "zero-shot", "zero-shot-adaptive"] as const;

export type Way = (typeof WAYS)[number];

/** A guard that refuses asks again so often first, the first time included. */
const GUARD_TRIES = 4;

export interface Written {
  readonly text: string;
  readonly isRefused: boolean;
  readonly emitted: number;
  /** Tokens that were computed for it, all drafts and verdicts included. */
  readonly forward: number;
  readonly rewinds: number;
}

export interface Writing {
  readonly engine: Engine;
  readonly queue: AnswerQueue;
  readonly maxTokens: number;
  /** Of `best-of-equal`. */
  readonly drafts: number;
}

/** Writes one answer. Each question has a seed of its own, the same in every way. */
export async function writeBy(way: Way, question: TaskQuestion, writing: Writing): Promise<Written> {
  const { queue, maxTokens, drafts } = writing;
  const options = { ...question.options, seed: question.seed, maxTokens };
  switch (way) {
    case "plain":
      return written(await queue.answer(question.turns, { ...options, mode: "vanilla" }));
    case "adaptive":
    case "paper":
      return written(await queue.answer(question.turns, { ...options, mode: way }));
    case "zero-shot":
      return written(await queue.answer(question.turns, { ...options, mode: "vanilla", urialExamples: 0 }));
    case "zero-shot-adaptive":
      return written(await queue.answer(question.turns, { ...options, mode: "adaptive", urialExamples: 0 }));
    case "best-of-equal":
      return written(await queue.answer(question.turns, { ...options, mode: "best-of-n", bestOf: drafts }));
    case "guard":
      return await queue.inTurn(() => guarded(question, options, writing));
    default:
      throw way satisfies never;
  }
}

function written({ text, finishReason, meter, rewinds }: RainAnswer): Written {
  return { text, isRefused: finishReason === "content_filter", emitted: meter.emitted, forward: meter.forward, rewinds };
}

/** The usual pattern: the finished answer is judged, and asked for again; in the end there is a refusal. By the same judge, which is always asked its question. */
async function guarded(question: TaskQuestion, options: RainOptions, { engine }: Writing): Promise<Written> {
  const counted = new ForwardCount(engine);
  const judge = new TurnJudge(counted);
  const { principle = DEFAULTS.principle, seed = DEFAULTS.seed } = options;
  const { threshold, beginningThreshold = threshold } = await judge.about(principle);
  // In the line already.
  const queue = new AnswerQueue(counted);
  for (let tries = 1; ; tries++) {
    const answer = await queue.answer(question.turns, { ...options, mode: "vanilla", seed: seed + tries - 1 });
    const isWhole = answer.finishReason !== "length";
    const value = await judge.value([...question.turns, { role: "assistant", text: answer.text }], principle, undefined, isWhole);
    const of = { emitted: answer.meter.emitted, forward: counted.forward, rewinds: tries - 1 };
    if (value >= (isWhole ? threshold : beginningThreshold)) return { ...of, text: answer.text, isRefused: false };
    if (tries === GUARD_TRIES) return { ...of, text: DEFAULTS.refusal, isRefused: true };
  }
}

/** Counts what is computed, whoever pays. */
class ForwardCount extends PassOn {
  forward = 0;

  override async next(queries: readonly NextTokenQuery[], call: Call): Promise<NextTokens[]> {
    const before = call.meter.forward;
    const read = await this.engine.next(queries, call);
    this.forward += call.meter.forward - before;
    return read;
  }
}
