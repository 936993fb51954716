import { ContextFullError, type Engine, type EngineFacts, type Fitness, OptionError, type Settings, type Token } from "../core/index.ts";
import { type Candidate, candidate, INTERVAL_SEED, type MeasuredJudge } from "./candidate.ts";
import { asValue, type FittedJudge, type FittedQuestion, jointOdds, overChecks, SCHEDULE } from "./fitted-judge.ts";
import { type LabelledAnswer, promptKey } from "./labelled-answers.ts";
import { auroc, aurocInterval, type Scored } from "./metrics.ts";
import { behindAnswer } from "./places/behind-answer.ts";
import type { PlaceName } from "./places/place.ts";
import { PLACE_BY_NAME } from "./places/places.ts";
import { BEGINNING, type Cut, cutsOf, panelOf, type ReadAnswers, type ReadOptions, readAnswers, readingsOf } from "./read-answers.ts";
import { type FittedReadout, fitReadoutInSteps, logistic } from "./readout.ts";
import type { AnswerValues, MeasuredValues } from "./thresholds.ts";

/** Which questions are tried is up to the caller: the more, the longer it takes. */
export interface CalibrateOptions extends Omit<ReadOptions, "places"> {
  /** @default ["turn"] */
  readonly places?: ReadOptions["places"];
  /** Tokens whose logits are read. @default the commonest of the answers */
  readonly panel?: readonly Token[];
  /** Tokens of questions that may be asked for each written token, while nothing is wrong. @default 0.05 */
  readonly questionBudget?: number;
  /** Told what each way to judge has said of the answers that count fully, in their order, by read-outs that were not fitted on them. */
  readonly onMeasured?: ((name: string, measured: MeasuredJudge) => void) | undefined;
}

export interface Calibrated {
  readonly fitted: FittedJudge;
  readonly candidates: readonly Candidate[];
  /** Why this one was chosen, for people. */
  readonly why: string;
  /** Tokens of questions for each written token, where nothing was flagged. */
  readonly questionTokensPerToken: number;
}

/** Fewer labelled answers are no ground for a read-out: then the model is asked by letters. */
const FEWEST_FOR_READOUT = 20;

/** Of each kind, and prompts: one bad answer tells nothing of others. */
const FEWEST_OF_EACH = 5;

/** A question of ten tokens in every two hundred. */
const QUESTION_BUDGET = 0.05;

/** What a place must add in AUROC to be worth more tokens. */
const WORTH_ASKING = 0.01;

/**
 * Reads labelled answers at several places, fits a read-out for each by cross-validation over prompts, and keeps the best for its tokens: a free watch behind
 * the answer, and a question for where that leaves a doubt. Every figure is of answers that the read-out in question was not fitted on.
 *
 * @throws {OptionError} for too few answers or prompts, or answers of one kind only
 * @throws {ContextFullError} when the context has room for too few of them
 * @throws {EngineError} when the model gives no numbers or cannot go on; and the reason of `signal`
 */
export async function calibrateJudge(engine: Engine, options: CalibrateOptions): Promise<Calibrated> {
  const { answers, settings, places = ["turn"], questionBudget = QUESTION_BUDGET } = options;
  checkAnswers(answers);
  const panel = options.panel ?? panelOf(engine, answers);
  const read = await readAnswers(engine, panel, { ...options, places });
  checkRead(read, engine.facts);
  const measured = countedFully(read);
  const { signal } = options;
  const watch = await fitPlace("answer", { read, measured, panel, signal });
  const watched = averagedOverChecks(measured, watch);
  const asked: AskedQuestion[] = [];
  for (const place of places) asked.push(await fitQuestion(place, { read, measured, panel, watched, signal }));
  const best = choose(asked, skillOf(measured, watched));
  const cascade = cascadeOf(measured, { watched, best, budget: questionBudget });
  const fitness = fitnessOf(cascade.whole, settings, best);
  const fitted: FittedJudge = {
    principle: settings.principle.name,
    watch: watch.readout,
    question: best?.question,
    sureFrom: cascade.sureFrom,
    ...measuredValues(cascade),
    alwaysAsked:
      best === undefined || cascade.sureFrom === null
        ? undefined
        : measuredValues(valuesOf(measured, { watched, best, sureFrom: Number.POSITIVE_INFINITY })),
    schedule: SCHEDULE,
    fitness,
  };
  return {
    fitted,
    candidates: measuredOf(measured, { watched, asked, best, cascade }).map(([name, said]) => {
      options.onMeasured?.(name, said);
      return candidate(name, said);
    }),
    why: why(asked, best, fitness),
    questionTokensPerToken: cascade.questionTokensPerToken,
  };
}

/** @throws {OptionError} for too few answers, of both kinds or of one, and too few prompts */
export function checkAnswers(answers: readonly LabelledAnswer[]): void {
  if (isGround(answers)) return;
  const { good, bad, prompts } = countsOf(answers.map(verdictOf));
  const got = `${answers.length} answers (${good} good, ${bad} bad) to ${prompts} prompts`;
  const expected = `at least ${FEWEST_FOR_READOUT} labelled answers, ${FEWEST_OF_EACH} or more of each kind, to ${FEWEST_OF_EACH} prompts or more`;
  throw new OptionError("answers", `Expected ${expected}, got ${got} (label more, \`rain calibrate --label\`)`, answers.length);
}

/** @throws {ContextFullError} where the context had room for too few of the answers to learn from */
function checkRead({ answers, needed }: ReadAnswers, { contextSize }: EngineFacts): void {
  const verdicts = answers.map(({ good, group }) => ({ isGood: good, group }));
  if (needed === undefined || isEnough(verdicts)) return;
  throw new ContextFullError(needed, contextSize, `too few labelled answers fit, ${answers.length}: choose a larger context`);
}

/** Whether there are labelled answers enough to learn from, and to tell how good what was learned is. */
export function isGround(answers: readonly LabelledAnswer[]): boolean {
  return isEnough(answers.map(verdictOf));
}

interface Labelled {
  readonly isGood: boolean;
  /** The prompt. */
  readonly group: string;
}

function verdictOf(answer: LabelledAnswer): Labelled {
  return { isGood: answer.verdict === "good", group: promptKey(answer) };
}

function isEnough(labelled: readonly Labelled[]): boolean {
  const { good, bad, prompts } = countsOf(labelled);
  return labelled.length >= FEWEST_FOR_READOUT && Math.min(good, bad, prompts) >= FEWEST_OF_EACH;
}

function countsOf(labelled: readonly Labelled[]): { readonly good: number; readonly bad: number; readonly prompts: number } {
  const good = labelled.filter(({ isGood }) => isGood).length;
  return { good, bad: labelled.length - good, prompts: new Set(labelled.map(({ group }) => group)).size };
}

/**
 * The answers that a person's labels are about: figures are of them, where they are of both kinds, and to as many prompts as it takes to learn from some
 * and measure on others. What counts less only helps to learn.
 */
function countedFully(read: ReadAnswers): ReadAnswers {
  const answers = read.answers.filter(({ weight }) => weight >= 1);
  const isEnough = new Set(answers.map(({ good }) => good)).size === 2 && new Set(answers.map(({ group }) => group)).size >= FEWEST_OF_EACH;
  return isEnough ? { ...read, answers } : read;
}

/**
 * The read-out of a place, learned from all answers or from those alone that count fully, whichever judges these better: what others have written
 * helps one model and misleads another. Out of fold are the latter only, in their order.
 */
async function fitPlace(
  place: PlaceName,
  { read, measured, panel, signal }: Omit<FitParts, "watched">,
): Promise<Pick<FittedReadout, "readout" | "outOfFold">> {
  const own = readingsOf(measured, place);
  const alone = await fitReadoutInSteps(panel, own, signal);
  if (measured === read || measured.answers.length === read.answers.length) return alone;
  const all = await fitReadoutInSteps(panel, readingsOf(read, place), signal);
  const isOwn = cutsOf(read).flatMap(({ answer, cut }) => (cut.logits[place] === undefined ? [] : [measured.answers.includes(answer)]));
  const outOfFold = all.outOfFold.filter((_, index) => isOwn[index]);
  const skill = (odds: readonly number[]) =>
    auroc(own.map(({ good, group }, index) => ({ value: asValue(odds[index] as number), good, group })));
  return skill(outOfFold) > skill(alone.outOfFold) ? { readout: all.readout, outOfFold } : alone;
}

/** Log odds behind each cut out of fold, over the checks so far, as when a judge watches an answer being written. */
export function averagedOverChecks({ answers }: ReadAnswers, watch: Pick<FittedReadout, "outOfFold">): ReadonlyMap<Cut, number> {
  const averaged = new Map<Cut, number>();
  let at = 0;
  for (const { cuts } of answers) {
    const odds = cuts.map(() => watch.outOfFold[at++] as number);
    cuts.forEach((cut, index) => {
      averaged.set(cut, overChecks(odds.slice(0, index + 1)));
    });
  }
  return averaged;
}

interface AskedQuestion {
  readonly question: FittedQuestion;
  /** Log odds out of fold, of the question alone and of both together, where it was asked. */
  readonly alone: ReadonlyMap<Cut, number>;
  readonly joint: ReadonlyMap<Cut, number>;
  /** Of both together, on whole answers and on beginnings, on average. */
  readonly auroc: number;
  readonly tokens: number;
}

interface FitParts {
  readonly read: ReadAnswers;
  readonly measured: ReadAnswers;
  readonly panel: readonly Token[];
  readonly watched: ReadonlyMap<Cut, number>;
  readonly signal: AbortSignal | undefined;
}

async function fitQuestion(place: PlaceName, { read, measured, panel, watched, signal }: FitParts): Promise<AskedQuestion> {
  const fit = await fitPlace(place, { read, measured, panel, signal });
  const readings = readingsOf(measured, place);
  const cuts = cutsOf(measured).filter(({ cut }) => cut.logits[place] !== undefined);
  const rows = cuts.map(({ cut }, index) => [watched.get(cut) as number, fit.outOfFold[index] as number]);
  const [{ offset }, [watch = 0, question = 0]] = logistic(rows, readings);
  const asked: FittedQuestion = { place, readout: fit.readout, joint: { bias: offset, watch, question } };
  const alone = new Map(cuts.map(({ cut }, index) => [cut, fit.outOfFold[index] as number]));
  const joint = new Map(cuts.map(({ cut }, index) => [cut, jointOdds(asked, ...(rows[index] as [number, number]))]));
  const cost = read.costs.get(place);
  return {
    question: asked,
    alone,
    joint,
    auroc: skillOf(measured, joint),
    tokens: (cost?.tokens ?? 0) / Math.max(1, cost?.verdicts ?? 1),
  };
}

export function scoredWhole({ answers }: ReadAnswers, odds: ReadonlyMap<Cut, number>): readonly Scored[] {
  return answers.flatMap(({ good, group, cuts }) => {
    const value = odds.get(cuts.at(-1) as Cut);
    return value === undefined ? [] : [{ value: asValue(value), good, group }];
  });
}

export function scoredBeginnings(read: ReadAnswers, odds: ReadonlyMap<Cut, number>): readonly Scored[] {
  return cutsOf(read).flatMap(({ answer: { good, group }, cut }) => {
    const value = odds.get(cut);
    return value === undefined || cut.isWhole || cut.length !== BEGINNING ? [] : [{ value: asValue(value), good, group }];
  });
}

/** AUROC on whole answers and on beginnings, on average: a judge that sees only in the end what is wrong has let most of it pass. */
function skillOf(read: ReadAnswers, odds: ReadonlyMap<Cut, number>): number {
  const beginnings = scoredBeginnings(read, odds);
  const whole = auroc(scoredWhole(read, odds));
  return new Set(beginnings.map(({ good }) => good)).size === 2 ? (whole + auroc(beginnings)) / 2 : whole;
}

/** The best question for its tokens; none where it adds nothing to reading on. */
function choose(asked: readonly AskedQuestion[], watched: number): AskedQuestion | undefined {
  const byTokens = asked.toSorted((left, right) => left.tokens - right.tokens);
  const best = byTokens.reduce<AskedQuestion | undefined>(
    (chosen, one) => (chosen === undefined || one.auroc >= chosen.auroc + WORTH_ASKING ? one : chosen),
    undefined,
  );
  return best !== undefined && best.auroc > watched + WORTH_ASKING / 2 ? best : undefined;
}

/** Watch and question together, as they check an answer that is being written. */
interface Cascade {
  /** Log odds behind an answer from which nothing is asked. */
  readonly sureFrom: number | null;
  /** The value of each whole answer. */
  readonly whole: readonly Scored[];
  /** The lowest value of all checks of its beginnings, as one flag is enough; `undefined` where it has none. */
  readonly lowest: readonly (Scored | undefined)[];
  readonly questionTokensPerToken: number;
}

interface Readings {
  readonly watched: ReadonlyMap<Cut, number>;
  readonly best: AskedQuestion | undefined;
}

function cascadeOf(read: ReadAnswers, { watched, best, budget }: Readings & { readonly budget: number }): Cascade {
  const sureFrom = best === undefined ? Number.NEGATIVE_INFINITY : sureFromBudget(read, watched, budget / best.tokens);
  const { whole, lowest, questionTokensPerToken } = valuesOf(read, { watched, best, sureFrom });
  return { sureFrom: Number.isFinite(sureFrom) ? sureFrom : best === undefined ? 0 : null, whole, lowest, questionTokensPerToken };
}

/** What a cascade says: of whole answers, and of their beginnings. */
export function valuesOf(
  read: ReadAnswers,
  {
    watched,
    best,
    sureFrom,
  }: {
    readonly watched: ReadonlyMap<Cut, number>;
    readonly best: Pick<AskedQuestion, "joint" | "tokens"> | undefined;
    readonly sureFrom: number;
  },
): Omit<Cascade, "sureFrom"> {
  const isAsked = (cut: Cut) => best !== undefined && (watched.get(cut) as number) < sureFrom;
  // Where the question was not read at a cut, its reply is that of the next one at which it was.
  const replyAt = (cuts: readonly Cut[], index: number) =>
    best?.joint.get(cuts.slice(index).find((cut) => best.joint.has(cut)) as Cut) as number;
  const valueAt = (cuts: readonly Cut[], index: number) => {
    const cut = cuts[index] as Cut;
    return asValue(isAsked(cut) ? replyAt(cuts, index) : (watched.get(cut) as number));
  };
  const whole = read.answers.map(({ good, group, cuts }) => ({ value: valueAt(cuts, cuts.length - 1), good, group }));
  const lowest = read.answers.map(({ good, group, cuts }) => {
    const values = cuts.slice(0, -1).map((_, index) => valueAt(cuts, index));
    return values.length === 0 ? undefined : { value: Math.min(...values), good, group };
  });
  const good = read.answers.filter((answer) => answer.good);
  const questions = good.flatMap(({ cuts }) => cuts.filter(isAsked)).length;
  const written = good.reduce((sum, { tokens }) => sum + tokens, 0);
  return { whole, lowest, questionTokensPerToken: (questions * (best?.tokens ?? 0)) / Math.max(1, written) };
}

/** As many questions about good answers as the budget pays for, where the watch has the most doubts. A watch that sees nothing always asks. */
function sureFromBudget(read: ReadAnswers, watched: ReadonlyMap<Cut, number>, questionsPerToken: number): number {
  const isBlind = auroc(scoredWhole(read, watched)) < BLIND_BELOW;
  const isOnlyWhole = read.answers.every(({ cuts }) => cuts.length === 1);
  if (isBlind || isOnlyWhole || questionsPerToken === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  const good = read.answers.filter((answer) => answer.good);
  const odds = good.flatMap(({ cuts }) => cuts.map((cut) => watched.get(cut) as number)).toSorted((left, right) => left - right);
  const paid = Math.floor(questionsPerToken * good.reduce((sum, { tokens }) => sum + tokens, 0));
  return odds[Math.min(paid, odds.length - 1)] as number;
}

/** AUROC of the watch below which it leaves everything in doubt. */
const BLIND_BELOW = 0.65;

function present(scored: readonly (Scored | undefined)[]): readonly Scored[] {
  return scored.filter((one) => one !== undefined);
}

function measuredValues(cascade: Pick<Cascade, "whole" | "lowest">): MeasuredValues {
  return { ofGood: valuesIn(cascade, true), ofBad: valuesIn(cascade, false) };
}

function valuesIn({ whole, lowest }: Pick<Cascade, "whole" | "lowest">, isGood: boolean): readonly AnswerValues[] {
  return whole.flatMap(({ value, good }, index) => {
    const early = lowest[index];
    return good === isGood ? [{ whole: value, ...(early === undefined ? {} : { lowest: early.value }) }] : [];
  });
}

function fitnessOf(whole: readonly Scored[], settings: Settings, best: AskedQuestion | undefined): Fitness {
  const { low, high } = aurocInterval(whole, { seed: INTERVAL_SEED });
  const judge = best === undefined ? "read behind the answer" : `read behind the answer, in doubt ${describe(best.question.place)}`;
  return { judge, principle: settings.principle.name, auroc: auroc(whole), low, high, n: whole.length };
}

/** A place, for people. */
export function describe(place: PlaceName): string {
  return PLACE_BY_NAME[place].description;
}

function measuredOf(
  read: ReadAnswers,
  { watched, asked, best, cascade }: Readings & { readonly asked: readonly AskedQuestion[]; readonly cascade: Cascade },
): readonly (readonly [name: string, measured: MeasuredJudge])[] {
  const row = (name: string, place: PlaceName, odds: ReadonlyMap<Cut, number>) => {
    const whole = scoredWhole(read, odds);
    return [name, { whole, beginnings: scoredBeginnings(read, odds), cost: costOf(read, place), chosen: false }] as const;
  };
  const questions = asked.flatMap((one) => [
    row(describe(one.question.place), one.question.place, one.alone),
    row(`both: behind the answer and ${describe(one.question.place)}`, one.question.place, one.joint),
  ]);
  const { whole, lowest, questionTokensPerToken } = cascade;
  const cost = { tokens: tokensPerCheck(read, questionTokensPerToken), milliseconds: undefined };
  const chosen = { whole, beginnings: present(lowest), lowest: lowest.map((one) => one?.value), cost, chosen: true };
  return [row(behindAnswer.description, "answer", watched), ...questions, [chosenName(best?.question.place), chosen]];
}

/** The cascade, for people. */
export function chosenName(place: PlaceName | undefined): string {
  return place === undefined ? "chosen: behind the answer alone" : `chosen: behind the answer, in doubt ${describe(place)}`;
}

/** What a verdict at a place has cost. */
export function costOf({ costs }: ReadAnswers, place: PlaceName): MeasuredJudge["cost"] {
  const { tokens, milliseconds, verdicts } = costs.get(place) ?? { tokens: 0, milliseconds: 0, verdicts: 0 };
  const of = Math.max(1, verdicts);
  return { tokens: tokens / of, milliseconds: milliseconds > 0 ? milliseconds / of : undefined };
}

/** Of questions, for each check of a cascade. */
export function tokensPerCheck({ answers }: ReadAnswers, questionTokensPerToken: number): number {
  const checks = answers.reduce((sum, { cuts }) => sum + cuts.length, 0);
  const written = answers.reduce((sum, { tokens }) => sum + tokens, 0);
  return (questionTokensPerToken * written) / checks;
}

function why(asked: readonly AskedQuestion[], best: AskedQuestion | undefined, fitness: Fitness): string {
  if (asked.length === 0) return "No question was tried.";
  if (best === undefined) return "No question tells more than what is read behind the answer for nothing.";
  const others = asked.filter((one) => one !== best).map((one) => `${describe(one.question.place)} ${one.auroc.toFixed(2)}`);
  const compared = others.length === 0 ? "" : `, against ${others.join(", ")}`;
  return `With its question always asked, AUROC ${best.auroc.toFixed(2)} for ${best.tokens.toFixed(0)} tokens${compared}; asked in doubt only, ${fitness.auroc.toFixed(2)}.`;
}
