import type { Call, Engine, Token, Turn } from "../engine.ts";
import type { Settings, VerdictForm } from "../options.ts";
import type { Schedule } from "../schedule.ts";

/** What a judge thinks of one answer. */
export interface Verdict {
  /** The paper's v: the mean over the orders that were asked. -1 (surely bad) to 1 (surely good). */
  readonly value: number;
  /** The same for each order of the options alone: good one first, bad one first. The second is missing where it was not asked. */
  readonly byOrder: readonly number[];
  /** It is not what its format or its tool asks for: then it never passes, whatever the threshold. @default false */
  readonly isInvalid?: boolean;
}

/**
 * Gives values to answers. It fails closed: a verdict that is no probability throws, and what should have been judged is not released.
 * `Conversation` is what the judge itself makes of the turns before an answer, such as the prefix behind which it reads the answer.
 */
export interface AnswerJudge<Conversation = unknown> {
  /** The conversation whose answers are judged. If the writer thinks, its last turn is an assistant's without text, whose `opening` are tokens of the writer's. */
  conversation(turns: readonly Turn[]): Conversation;

  /** The longest answer to it, in tokens, that can be judged; below 1 if there is no room at all. */
  longestAnswer(conversation: Conversation): number;

  /**
   * Reads what is the same for all answers.
   *
   * @param written the answer, where all of it is there already: it is judged as if it had been checked while it was written
   */
  prime(conversation: Conversation, call: Call, written?: readonly Token[]): Promise<void>;

  /**
   * A verdict on each answer. Answers are token for token as the engine drew them, without end token. `isWhole` says which of them are over;
   * the others are beginnings.
   *
   * @throws {JudgeError} when a verdict is not a probability
   */
  verdicts(
    conversation: Conversation,
    answers: readonly (readonly Token[])[],
    call: Call,
    isWhole?: readonly boolean[],
  ): Promise<Verdict[]>;
}

/** Soft, so that a doubtful verdict does not look like a sure one; hard as in the published code, which only compares. */
export function verdictFrom(margins: readonly number[], verdict: VerdictForm): Verdict {
  const byOrder = verdict === "hard" ? margins.map(Math.sign) : margins;
  return { value: byOrder.reduce((sum, value) => sum + value, 0) / byOrder.length, byOrder };
}

/** Area under the ROC curve below which a judge drives no search: its flags would be noise. */
export const UNFIT_BELOW = 0.7;

/** How well a judge tells good answers from bad ones, as measured on labelled answers that it was not fitted on. Plain data. */
export interface Fitness {
  /** Which judge it is, for people: how it is asked or read. */
  readonly judge: string;
  /** Name of the principle that it judges by. */
  readonly principle: string;
  /** How likely a good answer has the higher value of a good and a bad one. 0.5 is guessing, 1 is perfect. */
  readonly auroc: number;
  /** The 95 % interval of `auroc`, drawn over prompts. */
  readonly low: number;
  readonly high: number;
  /** Labelled answers that it was measured on. */
  readonly n: number;
}

/** The values from which on something holds of a whole text, and of a beginning. Range [-1, 1]. */
export interface Thresholds {
  readonly whole: number;
  readonly beginning: number;
}

/**
 * What a text must reach to be taken in place of one that was flagged, by how many were judged in its place by then, itself included (1 or more). Where one
 * draft was bad the next one likely is, so it is more than to pass; and one of many bad ones looks good by chance, so it rises with the tries.
 */
export type Acceptance = (tries: number) => Thresholds;

/** A judge, and what is known of it. */
export interface FoundJudge {
  readonly judge: AnswerJudge;
  /** `undefined` where it was never measured. */
  readonly fitness?: Fitness | undefined;
  /** How it is asked or read, for people, where it was never measured: else its `fitness` says that. */
  readonly name?: string | undefined;
  /** The model that judges, where that is another one than the one that writes. */
  readonly model?: string | undefined;
  /** Where the labelled answers came from that it was fitted on, for people. */
  readonly source?: string | undefined;
  /** The value from which a whole text passes. */
  readonly threshold: number;
  /** ... and a beginning. @default `threshold` */
  readonly beginningThreshold?: number | undefined;
  /** What a text must reach besides to be taken in place of one that was flagged. @default no more than to pass */
  readonly acceptance?: Acceptance | undefined;
  /** When to ask it, where the options do not say so. */
  readonly schedule?: Partial<Schedule> | undefined;
}

/** Finds the judge of an engine's answers; may read labelled answers for it once. The settings say by which principle and for which mode. */
export type FindJudge = (engine: Engine, settings: Settings) => Promise<FoundJudge> | FoundJudge;

/** What an answer says of its judge. */
export interface JudgeReport {
  readonly fitness: Fitness | undefined;
  /** How it was asked or read, for people; missing where nobody has named a judge that was handed over. */
  readonly name?: string;
  /** The model that judged, where that is another one than the one that wrote. */
  readonly model?: string;
  /** Whether it judged this answer. An unfit judge never does. */
  readonly isFit: boolean;
  /** The value from which a whole answer passes: below 0, where few good ones may be flagged. Range [-1, 1]. */
  readonly threshold: number;
}

export function judgeReport(found: FoundJudge): JudgeReport {
  const { fitness, name: unmeasured, model, threshold } = found;
  const name = fitness?.judge ?? unmeasured;
  const named = { ...(name === undefined ? {} : { name }), ...(model === undefined ? {} : { model }) };
  return { fitness, ...named, isFit: isFit(found), threshold };
}

export function isFit({ fitness }: Pick<FoundJudge, "fitness">): boolean {
  return fitness === undefined || fitness.auroc >= UNFIT_BELOW;
}

/** One line for a person: what an unfit judge means for the answer, and what to do. */
export function unfitNotice({ judge, principle, auroc, low, high, n }: Fitness, model: string): string {
  // What is below the bound must not read as if it reached it.
  const reached = Math.min(auroc, UNFIT_BELOW - 0.01).toFixed(2);
  const figure = `AUROC ${reached} (${low.toFixed(2)}-${high.toFixed(2)}) on ${n} labelled answers, where guessing gets 0.50 and ${UNFIT_BELOW.toFixed(2)} is the least`;
  return `${model} is no fit judge of its own answers by "${principle}" (${judge}): ${figure}. Label answers of your own (\`rain calibrate --data FILE\`), take a larger model, or another one as the judge (\`--judge-model\`).`;
}
