import type { Engine } from "../engine.ts";
import type { Settings } from "../options.ts";
import type { Schedule } from "../schedule.ts";
import { SharedWork } from "../shared-work.ts";
import { InPlaceJudge } from "./in-place-judge.ts";
import { Judge } from "./judge.ts";
import type { AnswerJudge } from "./verdict.ts";

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

/** A judge, and what is known of it. */
export interface FoundJudge {
  readonly judge: AnswerJudge;
  /** `undefined` where it was never measured. */
  readonly fitness?: Fitness | undefined;
  /** Where the labelled answers came from that it was fitted on, for people. */
  readonly source?: string | undefined;
  /** The value from which a whole text passes. */
  readonly threshold: number;
  /** ... and a beginning. @default `threshold` */
  readonly beginningThreshold?: number | undefined;
  /**
   * The value from which a text is taken in place of one that was flagged: where one draft was bad the next one likely is, so more is asked of it than
   * to pass. @default `threshold`
   */
  readonly acceptance?: number | undefined;
  /** ... and a beginning. @default `beginningThreshold` */
  readonly beginningAcceptance?: number | undefined;
  /** When to ask it, as far as nobody has said so. */
  readonly schedule?: Partial<Schedule> | undefined;
}

/** Finds the judge of an engine's answers; may read labelled answers for it once. The settings say by which principle and for which mode. */
export type FindJudge = (engine: Engine, settings: Settings) => Promise<FoundJudge> | FoundJudge;

/** What an answer says of its judge. */
export interface JudgeReport {
  readonly fitness: Fitness | undefined;
  /** Whether it judged this answer. An unfit judge never does. */
  readonly isFit: boolean;
}

export function isFit({ fitness }: Pick<FoundJudge, "fitness">): boolean {
  return fitness === undefined || fitness.auroc >= UNFIT_BELOW;
}

/**
 * The judge that these settings name: the one that was handed over, else the engine's own, else the model asked by letters. A threshold that the
 * user has given holds for any of them. Rejects with the signal's reason as soon as it is aborted, whatever the search does.
 */
export async function findJudge(engine: Engine, settings: Settings): Promise<FoundJudge> {
  const { signal, threshold } = settings;
  signal?.throwIfAborted();
  const find = settings.judge ?? (settings.judging === "auto" ? engine.findJudge : undefined) ?? letterJudge;
  const found = await new SharedWork(async () => await find(engine, settings)).wait(signal);
  if (settings.falseFlags !== undefined) return found;
  return { ...found, threshold, beginningThreshold: threshold, acceptance: threshold, beginningAcceptance: threshold };
}

/** The model, asked for the letter of an option: in place in `adaptive` mode, else as in the paper, behind a preamble of examples. */
export const letterJudge: FindJudge = (engine, settings) => {
  const { principle, threshold } = settings;
  return { judge: new (isAskedInPlace(settings) ? InPlaceJudge : Judge)(engine, principle, settings), threshold };
};

/** Whether a judge that is asked by letters reads the answer where it is written. */
function isAskedInPlace({ mode, judging, preset }: Pick<Settings, "mode" | "judging" | "preset">): boolean {
  return mode === "adaptive" && (judging === "in-place" || (judging === "auto" && preset !== "strict"));
}

/** One line for a person: what an unfit judge means for the answer, and what to do. */
export function unfitNotice({ judge, principle, auroc, low, high, n }: Fitness, model: string): string {
  // What is below the bound must not read as if it reached it.
  const reached = Math.min(auroc, UNFIT_BELOW - 0.01).toFixed(2);
  const figure = `AUROC ${reached} (${low.toFixed(2)}-${high.toFixed(2)}) on ${n} labelled answers, where guessing gets 0.50 and ${UNFIT_BELOW.toFixed(2)} is the least`;
  return `${model} is no fit judge of its own answers by "${principle}" (${judge}): ${figure}. Label answers of your own (\`rain calibrate --data FILE\`), take a larger model, or another one as the judge (\`--judge-model\`).`;
}
