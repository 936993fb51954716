/** What judges a text that it did not write, whatever framework that comes from: it fails closed. */
import {
  type Acceptance,
  complaint,
  EitherSignal,
  type Engine,
  type FindJudge,
  type Fitness,
  isFit,
  isRecord,
  JudgeError,
  noVerdict,
  type Principle,
  type Turn,
  unfitNotice,
  verdictLimit,
} from "../../core/index.ts";
import { TurnJudge } from "../../judges/index.ts";
import { emit } from "./events.ts";
import { withoutWords } from "./wordless.ts";

/** What a verdict is asked by, and how it is stopped. */
export interface VerdictCall {
  readonly principle: Principle;
  readonly signal?: AbortSignal | undefined;
}

/** Gives a value to a text, whatever wrote it. Anything may be one: a moderation service, a classifier, a rule. */
export interface TextJudge<Call extends VerdictCall = VerdictCall> {
  /**
   * How good the last turn is, in the light of those before it: -1 (bad) to 1 (good).
   * When it rejects or gives anything else, nothing that it should have judged is released.
   */
  judge(turns: readonly Turn[], call: Call): Promise<number>;
  /** Which judge it is, and how well it judges by this principle. Asked before it judges; finding out may take its time. @default nothing is known */
  about?(call: Call): Promise<JudgeAbout>;
}

/** What is known of a judge. */
export interface JudgeAbout {
  /** The judging model, for people. */
  readonly model: string;
  /** How it is asked or read, for people, where it was never measured: else its `fitness` says that. */
  readonly name?: string | undefined;
  /** `undefined`: it was never measured, and counts as fit. */
  readonly fitness: Fitness | undefined;
  /** The value from which a whole text passes, where no other one is given. @default 0.05 */
  readonly threshold?: number | undefined;
  /** ... and a beginning. @default `threshold` */
  readonly beginningThreshold?: number | undefined;
  /** What a text must reach besides to be taken in place of one that was flagged. @default no more than to pass */
  readonly acceptance?: Acceptance | undefined;
}

export function isTextJudge(value: unknown): value is TextJudge {
  return isRecord(value) && "judge" in value && typeof value.judge === "function";
}

/**
 * What is known of a judge, before it judges. It fails closed.
 *
 * @throws {JudgeError} when that cannot be found out
 */
export async function judgeAbout<Call extends VerdictCall>(judge: TextJudge, call: Call): Promise<Partial<JudgeAbout>> {
  const { principle, signal } = call;
  signal?.throwIfAborted();
  try {
    return (await judge.about?.(call)) ?? {};
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof JudgeError) throw cause;
    throw noVerdict("failed", principle.name, withoutWords(cause));
  }
}

/**
 * The value of the last turn. It fails closed.
 *
 * @param judgeSignal asked before each verdict for a signal that limits it
 * @throws {JudgeError} when the judge fails, takes too long, or gives no number from -1 to 1
 */
export async function judgedValue<Call extends VerdictCall>(
  turns: readonly Turn[],
  judge: TextJudge,
  call: Call & { readonly judgeSignal: () => AbortSignal | undefined },
): Promise<number> {
  const { principle, signal, judgeSignal } = call;
  const limit = verdictLimit({ principle, judgeSignal });
  using either = new EitherSignal(signal, limit);
  try {
    either.signal.throwIfAborted();
    const value = await raceWithSignal(judge.judge(turns, { ...call, signal: either.signal }), either.signal);
    if (typeof value === "number" && value >= -1 && value <= 1) return value;
    throw new JudgeError(principle.name, complaint("value", "a number from -1 to 1", value));
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof JudgeError) throw cause;
    // The limit's own reason is the caller's; what a judge says may quote what it has read.
    throw limit?.aborted ? noVerdict("late", principle.name, limit.reason) : noVerdict("failed", principle.name, withoutWords(cause));
  }
}

/** The result of this work, or a rejection with the signal's reason as soon as it aborts: work that does not listen to it goes on, unheard. */
async function raceWithSignal<Result>(work: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (signal === undefined) return await work;
  return await new Promise<Result>((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
    if (signal.aborted) stop();
  });
}

/** What a request rejects with that wants an error where its judge is unfit. */
export function unfitError(principle: Principle, { fitness, model = "" }: Partial<JudgeAbout>): JudgeError {
  return new JudgeError(principle.name, unfitNotice(fitness as Fitness, model));
}

/** Which judge decided, and how well it is known to judge. JSON, and no longer for a long answer. */
export interface JudgeMetadata {
  /** Whether it may judge. Where it is unfit, nothing was judged. One that was never measured counts as fit. */
  readonly isFit: boolean;
  /** The value from which a whole text passes; missing where nothing was judged. */
  readonly threshold?: number;
  /** The judging model, where that is another one than the writing one. */
  readonly model?: string;
  /** How it is asked or read; missing where a judge that was handed over does not say it. */
  readonly name?: string;
  /** This and what follows is missing where it was never measured. How well it tells good from bad labelled answers: 0.5 is guessing, 1 is perfect. */
  readonly auroc?: number;
  /** The 95 % interval of `auroc`. */
  readonly low?: number;
  readonly high?: number;
  /** Labelled answers that it was measured on. */
  readonly n?: number;
}

export function judgeMetadata({ fitness, name: unmeasured, model, threshold }: Partial<JudgeAbout>): JudgeMetadata {
  const name = fitness?.judge ?? unmeasured;
  const decides = isFit({ fitness });
  const known = {
    isFit: decides,
    ...(decides && threshold !== undefined ? { threshold } : {}),
    ...(model === undefined ? {} : { model: model.slice(0, LONGEST_NAME) }),
    ...(name === undefined ? {} : { name: name.slice(0, LONGEST_NAME) }),
  };
  if (fitness === undefined) return known;
  const { auroc, low, high, n } = fitness;
  return { ...known, auroc, low, high, n };
}

const LONGEST_NAME = 100;

/** What a local engine is told that judges. */
export interface EngineJudgeOptions {
  /** Examples that it reads first. */
  readonly judgeExamples: number;
  /** Told once of one that is no fit judge. */
  readonly onNotice: ((notice: string) => void) | undefined;
  /** How its judge is found. @default its own way */
  readonly find?: FindJudge | undefined;
  /** Aborted when it will be asked no more. */
  readonly life?: AbortSignal | undefined;
}

/** A local engine as a judge of texts that it did not write; says once where it is no fit one. */
export class EngineJudge implements TextJudge {
  readonly #engine: Engine;
  readonly #onNotice: EngineJudgeOptions["onNotice"];
  readonly #judge: TurnJudge;

  constructor(engine: Engine, { find, judgeExamples, onNotice, life }: EngineJudgeOptions) {
    this.#engine = engine;
    this.#onNotice = onNotice;
    this.#judge = new TurnJudge(engine, { judge: find, judgeExamples }, life);
  }

  async judge(turns: readonly Turn[], call: VerdictCall): Promise<number> {
    await this.about(call);
    return await this.#judge.value(turns, call.principle, call.signal);
  }

  async about({ principle, signal }: VerdictCall): Promise<JudgeAbout> {
    const { model } = this.#engine.facts;
    const about = await this.#judge.about(principle, signal);
    noticeUnfitJudge(this.#engine, about.fitness, this.#onNotice);
    return { fitness: undefined, ...about, model };
  }
}

/** By engine, which all chat models of a process share: the principles of which it was said that it judges badly by them. */
const NOTICED = new WeakMap<Engine, Set<string>>();

/** Tells once for each engine and principle that its judge is unfit, and what to do. */
export function noticeUnfitJudge(engine: Engine, fitness: Fitness | undefined, onNotice: ((notice: string) => void) | undefined): void {
  if (onNotice === undefined || fitness === undefined || isFit({ fitness })) return;
  const noticed = NOTICED.get(engine) ?? new Set();
  NOTICED.set(engine, noticed);
  if (noticed.has(fitness.principle)) return;
  noticed.add(fitness.principle);
  emit(onNotice, unfitNotice(fitness, engine.facts.model));
}

/** A map, weak or not, of results by what was asked. */
interface Results<Key, Result> {
  get(key: Key): Promise<Result> | undefined;
  set(key: Key, result: Promise<Result>): unknown;
  delete(key: Key): unknown;
}

/** The result of this work, which is done once for all calls that need it. Where it fails, the next call tries again. */
export function once<Key, Result>(results: Results<Key, Result>, key: Key, work: () => Result | Promise<Result>): Promise<Result> {
  const known = results.get(key);
  if (known !== undefined) return known;
  const result = (async () => await work())();
  results.set(key, result);
  result.catch(() => results.delete(key));
  return result;
}
