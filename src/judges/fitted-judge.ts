import {
  type AnswerJudge,
  type Call,
  checkPlaces,
  type Engine,
  type Fitness,
  type FoundJudge,
  JudgeError,
  type NextTokenQuery,
  type Prefix,
  type Principle,
  prime,
  type Settings,
  type Thresholds,
  type Token,
  type Turn,
  type Verdict,
} from "../core/index.ts";
import { behindAnswer } from "./places/behind-answer.ts";
import { type OpenPlace, type PlaceName, promptBefore } from "./places/place.ts";
import { PLACE_BY_NAME } from "./places/places.ts";
import { logOdds, type Readout, sigmoid } from "./readout.ts";
import { type AnswerValues, acceptanceOf, type MeasuredValues, thresholdsFor } from "./thresholds.ts";

/** A question that is asked, and how the reply is read. */
export interface FittedQuestion {
  readonly place: PlaceName;
  readonly readout: Readout;
  /** Log odds of a good answer from both: `bias + watch * (log odds behind the answer) + question * (log odds behind the question)`. */
  readonly joint: { readonly bias: number; readonly watch: number; readonly question: number };
}

/** A judge that was fitted on labelled answers of one model. Plain data, kept as JSON. */
export interface FittedJudge extends MeasuredValues {
  /** Name of the principle that it judges by. */
  readonly principle: string;
  /** The free read-out behind the answer. */
  readonly watch: Readout;
  /** Missing where it adds nothing. */
  readonly question?: FittedQuestion | undefined;
  /** Log odds behind the answer from which nothing is asked; `null`: the question is always asked. */
  readonly sureFrom: number | null;
  /** What it said of the good answers that it was measured on, out of fold, in their order. */
  readonly ofGood: readonly AnswerValues[];
  readonly ofBad: readonly AnswerValues[];
  /** The same for who always asks the question; missing where this judge does so anyway. */
  readonly alwaysAsked?: MeasuredValues | undefined;
  readonly schedule: { readonly firstCheck: number; readonly checkGrowth: number; readonly maxCheckGap: number };
  readonly fitness: Fitness;
}

/** When a judge whose watch is free checks: early, then at every sixteenth token. */
export const SCHEDULE: FittedJudge["schedule"] = { firstCheck: 8, checkGrowth: 2, maxCheckGap: 16 };

/** Checks whose log odds behind the answer are averaged: one alone depends much on the word it stands behind. */
const CHECKS_AVERAGED = 4;

/**
 * What the checks of an answer so far come to, in log odds, the latest last: half of it is the latest check, half the mean over the last four. The mean alone
 * is as good on whole answers, but four words late where an answer turns.
 */
export function overChecks(odds: readonly number[]): number {
  const last = odds.slice(-CHECKS_AVERAGED);
  return ((odds.at(-1) as number) + last.reduce((sum, one) => sum + one, 0) / last.length) / 2;
}

/** The judge, ready for use by an engine whose model it was fitted on. */
export function foundJudge(fitted: FittedJudge, engine: Engine, settings: Settings): FoundJudge {
  const measured = valuesBy(fitted, settings);
  const thresholds = thresholdsFor(measured, settings);
  const judge = new CascadeJudge(fitted, { engine, settings, thresholds });
  return {
    judge,
    fitness: { ...fitted.fitness, principle: settings.principle.name },
    threshold: thresholds.whole,
    beginningThreshold: thresholds.beginning,
    acceptance: acceptanceOf(measured),
    schedule: fitted.schedule,
  };
}

interface CascadeParts {
  readonly engine: Engine;
  readonly settings: Settings;
  readonly thresholds: Thresholds;
}

/** A conversation, as this judge reads it. */
interface Watched {
  readonly watch: OpenPlace;
  readonly question: OpenPlace | undefined;
  /** What was read behind each answer that was checked, and the beginnings of it. */
  readonly checks: { readonly answer: readonly Token[]; readonly odds: number }[];
}

/**
 * Reads on without a question, behind the very tokens that the writer goes on from; only where that leaves a doubt, the question is asked. So an
 * answer that nothing is wrong with costs hardly a token more than plain decoding.
 */
class CascadeJudge implements AnswerJudge<Watched> {
  readonly #fitted: FittedJudge;
  readonly #engine: Engine;
  readonly #settings: Settings;
  readonly #thresholds: Thresholds;

  constructor(fitted: FittedJudge, { engine, settings, thresholds }: CascadeParts) {
    this.#fitted = fitted;
    this.#engine = engine;
    this.#settings = settings;
    this.#thresholds = thresholds;
  }

  conversation(turns: readonly Turn[]): Watched {
    const context = { engine: this.#engine, principle: this.#settings.principle, settings: this.#settings };
    const prefix = promptBefore(turns, context);
    const { question } = this.#fitted;
    return {
      watch: behindAnswer.open(turns, prefix, context),
      question: question && PLACE_BY_NAME[question.place].open(turns, prefix, context),
      checks: [],
    };
  }

  longestAnswer({ watch, question }: Watched): number {
    const [behind, asked] = [watch, question ?? watch].map((place) => place.prefixOf([]).length);
    return this.#engine.facts.contextSize - Math.max(behind as number, asked as number);
  }

  /** The writer has read what stands before the answer; a quotation has a beginning of its own. */
  async prime(conversation: Watched, call: Call, written: readonly Token[] = []): Promise<void> {
    const { question } = conversation;
    if (question?.readsAgain === true) await prime(this.#engine, [question.prefixOf([]).slice(0, -1)], call);
    await this.#watch(conversation, written, call);
  }

  /** Only the latest checks count. */
  async #watch(conversation: Watched, written: readonly Token[], call: Call): Promise<void> {
    const { principle, scheduleGiven } = this.#settings;
    if (principle.horizon === "end") return;
    const checking = { ...this.#fitted.schedule, ...scheduleGiven, engine: this.#engine, prompt: conversation.watch.prefixOf([]) };
    const places = checkPlaces(written, checking).slice(1 - CHECKS_AVERAGED);
    const answers = places.map((length) => written.slice(0, length));
    const odds = await this.#read(conversation.watch, { readout: this.#fitted.watch, answers }, call);
    for (const [index, answer] of answers.entries()) remember(conversation, answer, odds[index] as number);
  }

  /** One batch behind the answers, and one behind the questions about those that are left in doubt. */
  async verdicts(
    conversation: Watched,
    answers: readonly (readonly Token[])[],
    call: Call,
    isWhole: readonly boolean[] = [],
  ): Promise<Verdict[]> {
    const { watch, question } = this.#fitted;
    const watched = await this.#read(conversation.watch, { readout: watch, answers }, call);
    for (const [index, answer] of answers.entries()) remember(conversation, answer, watched[index] as number);
    const odds = answers.map((answer, index) => averaged(conversation, answer, watched[index] as number));
    const isAsked = (index: number) => question !== undefined && this.#isInDoubt(odds[index] as number, isWhole[index] === true);
    const asked = answers.filter((_, index) => isAsked(index));
    const replies =
      question === undefined || conversation.question === undefined || asked.length === 0
        ? []
        : await this.#read(conversation.question, { readout: question.readout, answers: asked }, call);
    call.meter.evaluations += answers.length;
    return answers.map((_, index) => {
      const free = odds[index] as number;
      const joint = isAsked(index) ? jointOdds(question as FittedQuestion, free, replies.shift() as number) : free;
      const value = asValue(joint);
      return { value, byOrder: [value] };
    });
  }

  /** What is not asked about passes: it has to be as good as what passes when it is. */
  #isInDoubt(odds: number, isWhole: boolean): boolean {
    const { sureFrom } = this.#fitted;
    if (sureFrom === null || this.#settings.preset === "strict") return true;
    const least = isWhole ? this.#thresholds.whole : this.#thresholds.beginning;
    return odds < sureFrom || asValue(odds) < least;
  }

  async #read(
    place: OpenPlace,
    { readout, answers }: { readonly readout: Readout; readonly answers: readonly (readonly Token[])[] },
    call: Call,
  ): Promise<number[]> {
    const queries = answers.map((answer): NextTokenQuery => ({ prefix: place.prefixOf(answer), tokens: readout.tokens }));
    const read = await this.#engine.next(queries, call);
    return answers.map((_, index) => checked(logOdds(readout, read[index]?.logits ?? []), this.#settings.principle));
  }
}

/** What it said of the answers that it was measured on, asked as these settings ask: thresholds for one way of judging are none for another. */
function valuesBy(fitted: FittedJudge, { preset }: Pick<Settings, "preset">): MeasuredValues {
  return (preset === "strict" && fitted.alwaysAsked) || fitted;
}

/** Log odds of a good answer from what was read behind it and behind the question. */
export function jointOdds({ joint }: Pick<FittedQuestion, "joint">, watch: number, question: number): number {
  return joint.bias + joint.watch * watch + joint.question * question;
}

/** Twice the probability of a good answer, less 1. */
export function asValue(odds: number): number {
  return 2 * sigmoid(odds) - 1;
}

function remember({ checks }: Watched, answer: readonly Token[], odds: number): void {
  const isKnown = checks.some((check) => check.answer.length === answer.length && isBeginning(check.answer, answer));
  if (!isKnown) checks.push({ answer, odds });
}

/** What this check and the earlier ones of the same answer come to. */
function averaged({ checks }: Watched, answer: readonly Token[], odds: number): number {
  const earlier = checks.filter((check) => check.answer.length < answer.length && isBeginning(check.answer, answer));
  const inOrder = earlier.toSorted((left, right) => left.answer.length - right.answer.length);
  return overChecks([...inOrder.map((check) => check.odds), odds]);
}

function isBeginning(start: readonly Token[], whole: Prefix): boolean {
  return start.every((token, index) => token === whole[index]);
}

/** Fails closed. */
function checked(odds: number, { name }: Principle): number {
  if (Number.isFinite(odds)) return odds;
  throw new JudgeError(name, `Expected the judge's read-out to give a number, got \`${odds}\` (the model gives no usable logits)`);
}
