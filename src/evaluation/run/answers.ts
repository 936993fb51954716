import { z } from "zod";
import {
  type Cost,
  DEFAULTS,
  type Engine,
  EngineError,
  type FindJudge,
  type Meter,
  type Mode,
  RainError,
  type RainOptions,
} from "../../core/index.ts";
import { answer } from "../../rain.ts";
import type { TaskQuestion } from "../questions.ts";
import { type Journal, keyOf } from "./journal.ts";
import { withAll } from "./work.ts";

/** What is asked, and in which ways it is answered. */
export interface Plan {
  readonly questions: readonly TaskQuestion[];
  readonly modes: readonly Mode[];
  /** Put over what the task says. Data, no functions: answers are found again by it. */
  readonly options: RainOptions;
  /** Of this package: another one may decode otherwise. */
  readonly version: string;
  /** The judge of drafts. @default the engine's own way */
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

/** A model as it is loaded: what does not fit into one context may fit into another. */
export interface PlannedModel extends Model {
  /** In tokens. */
  readonly contextSize: number;
}

/** One question in one mode. */
interface Job {
  readonly question: TaskQuestion;
  readonly mode: Mode;
  readonly options: RainOptions;
  readonly key: string;
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

const count = z.number().nonnegative();

const WRITTEN = z.object({
  key: z.string(),
  text: z.string(),
  finishReason: z.enum(["stop", "length", "content_filter", "tool_calls"]),
  rewinds: count,
  evaluations: count,
  emitted: count,
  /** These three depend on what else was in the cache and on the machine: they are the same on average only. */
  forward: count,
  calls: count,
  milliseconds: count,
});

/** There is no answer, and the next attempt would come to the same. */
const FAILED = z.object({ key: z.string(), failure: z.string() });

export const ANSWER_ROW = z.union([WRITTEN, FAILED]);

/** An answer and what it took, or the reason why there is none. */
export type AnswerRow = WrittenAnswer | z.infer<typeof FAILED>;

export type WrittenAnswer = z.infer<typeof WRITTEN>;

export interface AnswerRun {
  readonly engine: Engine;
  readonly journal: Journal<AnswerRow>;
  /** Answers that are written at once. */
  readonly atOnce: number;
  /** Milliseconds from any moment on. */
  readonly clock: () => number;
  /** Told when one more answer is kept. */
  readonly onAnswer: () => void;
  readonly signal: AbortSignal;
}

/**
 * Writes what the journal lacks. What fails for a question alone, as one that is longer than the context, is kept as that; what would
 * fail for all of them ends the work.
 */
export async function writeAnswers(jobs: readonly Job[], answering: AnswerRun): Promise<void> {
  const { journal, signal, atOnce } = answering;
  const missing = jobs.filter(({ key }) => journal.get(key) === undefined);
  await withAll(missing, { atOnce, signal }, async (job, either) => {
    journal.append({ key: job.key, ...(await answerOf(job, { ...answering, signal: either })) });
    answering.onAnswer();
  });
}

async function answerOf({ question, options }: Job, { engine, clock, signal }: AnswerRun) {
  const began = clock();
  try {
    const { text, finishReason, rewinds, meter, cost } = await answer(engine, question.turns, { ...options, signal });
    return { text, finishReason, rewinds, ...workOf(meter, cost), milliseconds: clock() - began };
  } catch (error) {
    if (!(error instanceof RainError) || error instanceof EngineError) throw error;
    return { failure: error.message };
  }
}

/** What an answer took, as counts that can be added up. */
export interface Work {
  readonly emitted: number;
  readonly forward: number;
  readonly calls: number;
  readonly evaluations: number;
}

/** The engine counts calls; an answer's account has them per emitted token. */
export function workOf({ emitted, forward, evaluations }: Meter, { spe }: Cost): Work {
  return { emitted, forward, evaluations, calls: Math.round(spe * Math.max(1, emitted)) };
}

/** What was said to one question in one mode. */
export interface Attempt {
  readonly job: Job;
  /** `undefined`: not answered yet. */
  readonly row: AnswerRow | undefined;
  /** What plain decoding said to the same question, where that is known. */
  readonly plain: string | undefined;
}

/** The answers that are there, in the order of the jobs. */
export function attemptsOf(jobs: readonly Job[], journal: Journal<AnswerRow>): readonly Attempt[] {
  const plain = new Map<TaskQuestion, string | undefined>();
  for (const { question, mode, key } of jobs) if (mode === "vanilla") plain.set(question, textOf(journal.get(key)));
  return jobs.map((job) => ({ job, row: journal.get(job.key), plain: plain.get(job.question) }));
}

export function textOf(row: AnswerRow | undefined): string | undefined {
  return row !== undefined && "text" in row ? row.text : undefined;
}
