/** What judges a text that it did not write: a local engine, a chat model, or a judge of the user's own. It fails closed. */
import type { CallbackManager } from "@langchain/core/callbacks/manager";
import { HumanMessage } from "@langchain/core/messages";
import { raceWithSignal } from "@langchain/core/runnables";
import {
  checkOptions,
  complaint,
  type Engine,
  type FindJudge,
  JudgeError,
  OptionError,
  ORDERS,
  type Order,
  type RainOptions,
  type Turn,
} from "../../core/index.ts";
import { type Logprobs, labelsOf, letteredQuestion, letteredVerdict, principleOptions } from "../../judges/index.ts";
import {
  EngineJudge,
  type EngineJudgeOptions,
  isTextJudge,
  type JudgeAbout,
  once,
  type TextJudge,
  type VerdictCall,
} from "../judging/text-judge.ts";
import { type HostedEngine, isEngine } from "./engine-source.ts";
import { type ChatRunnable, callUnseen, chatModelOf, isRunnable } from "./unseen-call.ts";

/** What a judge is asked by, how it is stopped, and where it shows. */
export interface JudgeCall extends VerdictCall {
  /** Where a judge that is called through LangChain shows as a child run; nowhere if left out. */
  readonly trace?: CallbackManager | undefined;
}

/** What may judge: a local engine, which reads its verdict off probabilities; a chat model, which is asked A or B; or a judge of your own. */
export type JudgeSource = Engine | ChatRunnable | TextJudge;

export const JUDGE_EXPECTED = "an engine, a chat model, or an object with a method `judge`";

export function isJudgeSource(value: unknown): boolean {
  return isTextJudge(value) || isEngine(value) || isRunnable(value);
}

/** @throws {OptionError} when it is none of the three */
export function textJudge(source: JudgeSource, options: EngineJudgeOptions): TextJudge {
  if (isTextJudge(source)) return source;
  if (isEngine(source)) return new EngineJudge(source, options);
  if (!isRunnable(source)) throw new OptionError("judge", complaint("judge", JUDGE_EXPECTED, source), source);
  // Behind options that are bound to it, a `ChatRain` is the judge that it is without them.
  const chat = chatModelOf(source);
  return isTextJudge(chat) ? chat : new ChatJudge(source);
}

/** By engine, the judges that are being found or are there, by what decides which one it is. */
const FOUND = new WeakMap<Engine, Map<string, Promise<unknown>>>();

/**
 * Resolves when the engine's own judge of such answers is known, which at first use takes reading labelled answers. What fails here fails for the
 * answer too, and there it is said.
 *
 * @param signal of the call that waits
 * @param life of the chat model: what is fitted is for all of its calls, and no single one's time limit is to end it
 * @throws the reason of `signal`; {OptionError} for options that cannot be meant
 */
export async function judgeReady(
  { engine, use }: Pick<HostedEngine, "engine" | "use">,
  request: RainOptions,
  signal: AbortSignal | undefined,
  life: AbortSignal,
): Promise<void> {
  const settings = { ...checkOptions(request), signal: life };
  const { mode, judging, judge, principle, prompting } = settings;
  const { findJudge } = engine;
  if (findJudge === undefined || mode === "vanilla" || judging !== "auto" || judge !== undefined) return;
  const judges = FOUND.get(engine) ?? new Map<string, Promise<unknown>>();
  FOUND.set(engine, judges);
  const found = once(judges, JSON.stringify([principle, prompting]), () => usingEngine(findJudge, use)(engine, settings));
  await raceWithSignal(
    found.catch(() => undefined),
    signal,
  );
}

/** The same; while it looks, the engine stays, although the call that asked first may be over. */
export function usingEngine(find: FindJudge, use: HostedEngine["use"]): FindJudge {
  return async (engine, settings) => {
    using _ = use();
    return await find(engine, settings);
  };
}

/**
 * Any chat model as a judge: asked A or B, in both orders at once. Where its provider gives log-probabilities (with OpenAI:
 * `new ChatOpenAI({ logprobs: true, topLogprobs: 5 })`), the value is as fine as theirs; otherwise each order is a vote, and two
 * orders that disagree are 0: a model that favours a letter has no opinion.
 */
class ChatJudge implements TextJudge<JudgeCall> {
  readonly #model: ChatRunnable;

  constructor(model: ChatRunnable) {
    this.#model = model;
  }

  /** @throws {JudgeError} when the model answers neither letter */
  async judge(turns: readonly Turn[], call: JudgeCall): Promise<number> {
    const margins = await Promise.all(ORDERS.map((order) => this.#margin(turns, order, call)));
    return margins.reduce((sum, margin) => sum + margin, 0) / margins.length;
  }

  /** How well it judges is unknown: it was never measured. */
  async about(): Promise<JudgeAbout> {
    return { model: (chatModelOf(this.#model) ?? this.#model).getName(), name: "asked A or B", fitness: undefined };
  }

  async #margin(turns: readonly Turn[], order: Order, { principle, signal, trace }: JudgeCall): Promise<number> {
    const options = principleOptions(principle, order);
    const question = letteredQuestion({ turns, question: principle.question, options });
    const reply = await callUnseen(this.#model, [new HumanMessage(question)], { signal, trace });
    const { logprobs } = reply.response_metadata as { readonly logprobs?: Logprobs | null };
    const verdict = letteredVerdict({ text: reply.text, logprobs }, options);
    if (verdict !== undefined) return verdict;
    // What it said instead may quote what it judges, and an error is read by others.
    const expected = labelsOf(options);
    throw new JudgeError(principle.name, `Expected the judge to answer ${expected}, got another text of ${reply.text.length} characters`);
  }
}
