import { DEFAULTS, type FindJudge, type Mode, type RainOptions } from "../../core/index.ts";
import type { TaskQuestion } from "../tasks/task.ts";
import { keyOf } from "./rows.ts";

/** What is asked, and in which ways it is answered. */
export interface Plan {
  readonly questions: readonly TaskQuestion[];
  readonly modes: readonly Mode[];
  /** Put over what the task says. Data, no functions: answers are found again by it. */
  readonly options: RainOptions;
  /** Of this package: another one may decode otherwise. */
  readonly version: string;
  /** Who judges drafts. @default the engine's own way */
  readonly judge?: DraftJudge | undefined;
}

/** The judge of what is being written. */
export interface DraftJudge {
  /** @default the engine's own way */
  readonly find: FindJudge | undefined;
  /** By the principle's name: what tells this judge from another one. Answers are found again by it. */
  readonly marks: ReadonlyMap<string, string>;
}

/** A model, as results name it. */
export interface Model {
  readonly label: string;
  /** Size of its file. */
  readonly bytes: number;
}

/** One question in one mode. */
export interface Job {
  readonly question: TaskQuestion;
  readonly mode: Mode;
  readonly options: RainOptions;
  readonly key: string;
}

/** A model as it is loaded: what does not fit into one context may fit into another. */
export interface PlannedModel extends Model {
  /** In tokens. */
  readonly contextSize: number;
}

/** All that a model is asked, in the order of the results: question by question, in each mode. */
export function jobsOf({ questions, modes, options, version, judge }: Plan, model: PlannedModel): readonly Job[] {
  return questions.flatMap((question) =>
    modes.map((mode) => {
      const all = { ...question.options, ...options, mode, seed: question.seed };
      const mark = mode === "vanilla" ? undefined : judge?.marks.get((all.principle ?? DEFAULTS.principle).name);
      const key = keyOf({ version, model, turns: question.turns, options: all, judge: mark });
      return { question, mode, options: judge?.find === undefined ? all : { ...all, judge: judge.find }, key };
    }),
  );
}
