import type { CallbackManager } from "@langchain/core/callbacks/manager";
import { HumanMessage } from "@langchain/core/messages";
import { raceWithSignal } from "@langchain/core/runnables";
import {
  complaint,
  type Engine,
  type FindJudge,
  type Fitness,
  isRecord,
  JudgeError,
  noVerdict,
  OptionError,
  ORDERS,
  type Order,
  type Principle,
  type Turn,
  verdictLimit,
} from "../../core/index.ts";
import { type Logprobs, labelsOf, letteredQuestion, letteredVerdict, principleOptions } from "../../judges/index.ts";
import { type ChatRunnable, callUnseen, chatModelOf, isRunnable } from "./chat-call.ts";
import { EngineJudge } from "./engine-judge.ts";
import { isEngine } from "./is-engine.ts";

/** What a judge is asked by, and how it is stopped. */
export interface Asked {
  readonly principle: Principle;
  readonly signal?: AbortSignal | undefined;
  /** Where a judge that is called through LangChain shows as a child run; nowhere if left out. */
  readonly trace?: CallbackManager | undefined;
}

/** Gives a value to a text, whoever wrote it. Anything may be one: a moderation service, a classifier, a rule. */
export interface TextJudge {
  /**
   * How good the last turn is, in the light of those before it: -1 (bad) to 1 (good).
   * When it rejects or gives anything else, nothing that it should have judged is released.
   */
  judge(turns: readonly Turn[], asked: Asked): Promise<number>;
  /** Who it is, and how well it judges by this principle. Asked before it judges; finding out may take its time. @default nothing is known */
  about?(asked: Asked): Promise<JudgeAbout>;
}

/** What is known of a judge. */
export interface JudgeAbout {
  /** The judging model, for people. */
  readonly model: string;
  /** `undefined`: it was never measured, and counts as fit. */
  readonly fitness: Fitness | undefined;
  /** The value from which a whole text passes, where nobody says another one. @default 0.05 */
  readonly threshold?: number | undefined;
  /** ... and a beginning. @default `threshold` */
  readonly beginningThreshold?: number | undefined;
  /** The value from which a text is taken in place of one that was flagged. @default `threshold` */
  readonly acceptance?: number | undefined;
  /** ... and a beginning. @default `beginningThreshold` */
  readonly beginningAcceptance?: number | undefined;
}

/** Who may judge: a local engine, which reads its verdict off probabilities; a chat model, which is asked A or B; or a judge of your own. */
export type JudgeSource = Engine | ChatRunnable | TextJudge;

/** What a local engine is told that judges. */
export interface LocalJudgeOptions {
  /** Examples that it reads first. */
  readonly judgeExamples: number;
  /** Told once of one that is no fit judge. */
  readonly onNotice: ((notice: string) => void) | undefined;
  /** How its judge is found. @default its own way */
  readonly find?: FindJudge | undefined;
  /** Aborted when nobody will ask it any more. */
  readonly life?: AbortSignal | undefined;
}

/** @throws {OptionError} when it is none of the three */
export function textJudge(source: JudgeSource, settings: LocalJudgeOptions): TextJudge {
  if (isTextJudge(source)) return source;
  if (isEngine(source)) return new EngineJudge(source, settings);
  if (isRunnable(source)) return chatJudge(source);
  throw new OptionError("judge", complaint("judge", JUDGE_EXPECTED, source), source);
}

/** Behind options that are bound to it, a `ChatRain` is the judge that it is without them. */
function chatJudge(source: ChatRunnable): TextJudge {
  const chat = chatModelOf(source);
  return isTextJudge(chat) ? chat : new ChatJudge(source);
}

export const JUDGE_EXPECTED = "an engine, a chat model, or an object with a method `judge`";

export function isJudgeSource(value: unknown): boolean {
  return isTextJudge(value) || isEngine(value) || isRunnable(value);
}

/** What one request asks of its judge. */
export interface CritiqueJudging extends Asked {
  /** Asked before each verdict for a signal that limits it. */
  readonly judgeSignal: () => AbortSignal | undefined;
}

/**
 * The value of the last turn. It fails closed.
 *
 * @throws {JudgeError} when the judge fails, takes too long, or gives no number from -1 to 1
 */
export async function judgedValue(turns: readonly Turn[], judge: TextJudge, judging: CritiqueJudging): Promise<number> {
  const { principle, signal } = judging;
  const limit = verdictLimit(judging);
  const signals = [signal, limit].filter((one) => one !== undefined);
  const either = signals.length === 0 ? undefined : AbortSignal.any(signals);
  try {
    either?.throwIfAborted();
    const value = await raceWithSignal(judge.judge(turns, { ...judging, signal: either }), either);
    if (typeof value === "number" && value >= -1 && value <= 1) return value;
    throw new JudgeError(principle.name, complaint("value", "a number from -1 to 1", value));
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof JudgeError) throw cause;
    if (limit?.aborted) throw noVerdict("late", principle.name, cause);
    throw noVerdict("failed", principle.name, cause);
  }
}

/**
 * What is known of a judge, before it judges. It fails closed.
 *
 * @throws {JudgeError} when that cannot be found out
 */
export async function judgeAbout(judge: TextJudge, asked: Asked): Promise<JudgeAbout | undefined> {
  const { principle, signal } = asked;
  signal?.throwIfAborted();
  try {
    return await judge.about?.(asked);
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof JudgeError) throw cause;
    throw noVerdict("failed", principle.name, cause);
  }
}

function isTextJudge(value: unknown): value is TextJudge {
  return isRecord(value) && "judge" in value && typeof value.judge === "function";
}

/**
 * Any chat model as a judge: asked A or B, in both orders at once. Where its provider gives log-probabilities (with OpenAI:
 * `new ChatOpenAI({ logprobs: true, topLogprobs: 5 })`), the value is as fine as theirs; otherwise each order is a vote, and two
 * orders that disagree are 0: a model that favours a letter has no opinion.
 */
export class ChatJudge implements TextJudge {
  readonly #model: ChatRunnable;

  constructor(model: ChatRunnable) {
    this.#model = model;
  }

  /** @throws {JudgeError} when the model answers neither letter */
  async judge(turns: readonly Turn[], asked: Asked): Promise<number> {
    const margins = await Promise.all(ORDERS.map((order) => this.#margin(turns, order, asked)));
    return margins.reduce((sum, margin) => sum + margin, 0) / margins.length;
  }

  /** Nobody can tell how well it judges: it was never measured. */
  async about(): Promise<JudgeAbout> {
    return { model: chatModelOf(this.#model)?.getName() ?? this.#model.getName(), fitness: undefined };
  }

  async #margin(turns: readonly Turn[], order: Order, { principle, signal, trace }: Asked): Promise<number> {
    const options = principleOptions(principle, order);
    const question = letteredQuestion({ turns, question: principle.question, options });
    const reply = await callUnseen(this.#model, [new HumanMessage(question)], { options: {}, signal, trace });
    const { logprobs } = reply.response_metadata as { readonly logprobs?: Logprobs | null };
    const verdict = letteredVerdict({ text: reply.text, logprobs }, options);
    if (verdict !== undefined) return verdict;
    // What it said instead may quote what it judges, and an error is read by others.
    const expected = labelsOf(options);
    throw new JudgeError(principle.name, `Expected the judge to answer ${expected}, got another text of ${reply.text.length} characters`);
  }
}
