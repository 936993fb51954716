/** What judges say of labelled answers: one that was fitted before, those that are asked by letters, any other. */
import { type AnswerJudge, ContextFullError, type Engine, JudgeError, Meter, prime, type Settings, type Turn } from "../core/index.ts";
import { withPrompting } from "../prompting/index.ts";
import { AskedJudge } from "./asked-judge.ts";
import { averagedOverChecks, chosenName, costOf, describe, scoredBeginnings, scoredWhole, tokensPerCheck, valuesOf } from "./calibrate.ts";
import type { MeasuredJudge } from "./candidate.ts";
import { type FittedJudge, jointOdds } from "./fitted-judge.ts";
import { promptKey } from "./labelled-answers.ts";
import { letterJudge } from "./lettered/letter-judge.ts";
import type { Scored } from "./metrics.ts";
import { behindAnswer } from "./places/behind-answer.ts";
import { promptBefore } from "./places/place.ts";
import { asWritten, cutsOf, MOST_TOKENS, type ReadAnswers, type ReadOptions, readAnswers } from "./read-answers.ts";
import { logOdds, type Readout } from "./readout.ts";

export type JudgingOptions = Omit<ReadOptions, "places">;

/** A judge, and what it has said of all answers, in their order. */
export interface JudgedAnswers extends MeasuredJudge {
  /** How it is asked or read, for people. */
  readonly name: string;
}

/** A judge that could say nothing of these answers, and why. */
export interface UnjudgedAnswers {
  readonly name: string;
  readonly reason: string;
}

/**
 * Applies a fitted judge to answers as it is: what it reads behind them, what it is told when it asks, both, and its cascade.
 *
 * @throws {EngineError} when the model gives no numbers or cannot go on; and the reason of `signal`
 */
export async function judgedByFitted(engine: Engine, fitted: FittedJudge, options: JudgingOptions): Promise<readonly JudgedAnswers[]> {
  const { watch, question } = fitted;
  const tokens = [...new Set([...watch.tokens, ...(question?.readout.tokens ?? [])])];
  const read = await readAnswers(engine, tokens, { ...options, places: question === undefined ? [] : [question.place as "turn"] });
  const oddsOf = (readout: Readout, logits: readonly number[]) =>
    logOdds(
      readout,
      readout.tokens.map((token) => logits[tokens.indexOf(token)] as number),
    );
  const cuts = cutsOf(read).map(({ cut }) => cut);
  const watched = averagedOverChecks(read, { outOfFold: cuts.map(({ logits }) => oddsOf(watch, logits.answer as readonly number[])) });
  const sureFrom = fitted.sureFrom ?? Number.POSITIVE_INFINITY;
  if (question === undefined)
    return [
      row(read, { name: behindAnswer.description, place: "answer", odds: watched }),
      cascade(read, { watched, best: undefined, sureFrom }, chosenName(undefined)),
    ];
  const { place } = question;
  const asked = cuts.filter(({ logits }) => logits[place] !== undefined);
  const alone = new Map(asked.map((cut) => [cut, oddsOf(question.readout, cut.logits[place] as readonly number[])]));
  const joint = new Map(asked.map((cut) => [cut, jointOdds(question, watched.get(cut) as number, alone.get(cut) as number)]));
  const best = { joint, tokens: costOf(read, place).tokens };
  return [
    row(read, { name: behindAnswer.description, place: "answer", odds: watched }),
    row(read, { name: describe(place), place, odds: alone }),
    row(read, { name: `both: behind the answer and ${describe(place)}`, place, odds: joint }),
    cascade(read, { watched, best, sureFrom }, chosenName(place)),
  ];
}

function row(
  read: ReadAnswers,
  {
    name,
    place,
    odds,
  }: { readonly name: string; readonly place: Parameters<typeof costOf>[1]; readonly odds: Parameters<typeof scoredWhole>[1] },
): JudgedAnswers {
  return { name, chosen: false, whole: scoredWhole(read, odds), beginnings: scoredBeginnings(read, odds), cost: costOf(read, place) };
}

function cascade(read: ReadAnswers, parts: Parameters<typeof valuesOf>[1], name: string): JudgedAnswers {
  const { whole, lowest, questionTokensPerToken } = valuesOf(read, parts);
  const beginnings = lowest.filter((one) => one !== undefined);
  const cost = { tokens: tokensPerCheck(read, questionTokensPerToken), milliseconds: undefined };
  return { name, chosen: true, whole, beginnings, lowest: lowest.map((one) => one?.value), cost };
}

/** A judge of whole answers, such as one that is asked by letters or another model. */
export interface WholeJudge {
  readonly name: string;
  readonly judge: AnswerJudge;
  readonly chosen: boolean;
  /** Whether it reads with the writer's engine, which has read the answer then. */
  readonly isOwn: boolean;
}

/**
 * What a judge says of each whole answer.
 *
 * @throws {JudgeError} when it gives no usable verdict
 * @throws {ContextFullError} when it has no room for one of them
 */
export async function judgedBy(
  engine: Engine,
  { name, judge, chosen, isOwn }: WholeJudge,
  options: JudgingOptions,
): Promise<JudgedAnswers> {
  const { answers, signal, onProgress, now } = options;
  const settings = withPrompting(engine, options.settings);
  const meter = new Meter();
  const whole: Scored[] = [];
  let milliseconds = 0;
  for (const answer of answers) {
    const turns = answer.turns.length > 1 ? answer.turns.slice(0, -1) : NOBODY_ASKED;
    const prompt = promptBefore(turns, { engine, settings });
    const tokens = asWritten(answer.turns.at(-1) as Turn, prompt, engine).slice(0, MOST_TOKENS);
    const conversation = judge.conversation(turns);
    const before = { purpose: "prompt", meter: new Meter(), signal } as const;
    if (isOwn) await prime(engine, [[...prompt, ...tokens]], before);
    await judge.prime(conversation, before);
    const began = now?.() ?? 0;
    const call = { purpose: "evaluate", meter, signal } as const;
    // Another model has not read the answer: that is what its verdict costs.
    await judge.prime(conversation, call, tokens);
    const [verdict] = await judge.verdicts(conversation, [tokens], call, [true]);
    milliseconds += (now?.() ?? 0) - began;
    whole.push({ value: verdict?.value ?? Number.NaN, good: answer.verdict === "good", group: promptKey(answer) });
    onProgress?.(whole.length / answers.length);
  }
  const cost = { tokens: meter.forward / answers.length, milliseconds: milliseconds > 0 ? milliseconds / answers.length : undefined };
  return { name, chosen, whole, beginnings: [], cost };
}

const NOBODY_ASKED: readonly Turn[] = [{ role: "user", text: "" }];

/** The judge that is asked where there are too few labelled answers to fit one. */
export const ASKED_NAME = "asked by Yes, No and letters";

/** The judges that are asked by letters, in the order in which they are told. */
const LETTERED: readonly { readonly name: string; readonly find: (engine: Engine, settings: Settings) => AnswerJudge }[] = [
  { name: ASKED_NAME, find: (engine, settings) => new AskedJudge(engine, settings) },
  { name: "asked by letters in place", find: lettered("in-place") },
  { name: "asked by letters behind examples, as in the paper", find: lettered("preamble") },
];

/** The same model, asked by letters: what is known without labelled answers. A judge that cannot be asked, or has no room, is left out. */
export async function judgedByLetters(
  engine: Engine,
  options: JudgingOptions & { readonly chosen?: string | undefined },
): Promise<{ readonly judged: readonly JudgedAnswers[]; readonly leftOut: readonly UnjudgedAnswers[] }> {
  const settings = withPrompting(engine, options.settings);
  const judged: JudgedAnswers[] = [];
  const leftOut: UnjudgedAnswers[] = [];
  for (const [index, { name, find }] of LETTERED.entries()) {
    const onProgress = (share: number) => options.onProgress?.((index + share) / LETTERED.length);
    try {
      const judge = { name, judge: find(engine, settings), chosen: options.chosen === name, isOwn: true };
      judged.push(await judgedBy(engine, judge, { ...options, settings, onProgress }));
    } catch (error) {
      if (!(error instanceof JudgeError || error instanceof ContextFullError)) throw error;
      leftOut.push({ name, reason: error.message });
      onProgress(1);
    }
  }
  return { judged, leftOut };
}

function lettered(judging: "in-place" | "preamble") {
  return (engine: Engine, settings: Settings): AnswerJudge => {
    const found = letterJudge(engine, { ...settings, mode: "adaptive", judging, judge: undefined });
    return (found as { readonly judge: AnswerJudge }).judge;
  };
}
