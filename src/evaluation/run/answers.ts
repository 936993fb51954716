import { type Engine, EngineError, RainError } from "../../core/index.ts";
import { answer } from "../../rain.ts";
import { workOf } from "../cost.ts";
import type { TaskQuestion } from "../tasks/task.ts";
import type { Journal } from "./journal.ts";
import type { Job } from "./plan.ts";
import type { AnswerRow } from "./rows.ts";
import { withAll } from "./with-all.ts";

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

/** What was said to one question in one mode. */
export interface Given {
  readonly job: Job;
  /** `undefined`: not answered yet. */
  readonly row: AnswerRow | undefined;
  /** What plain decoding said to the same question, where that is known. */
  readonly plain: string | undefined;
}

/** The answers that are there, in the order of the jobs. */
export function givenAnswers(jobs: readonly Job[], journal: Journal<AnswerRow>): readonly Given[] {
  const plain = new Map<TaskQuestion, string | undefined>();
  for (const { question, mode, key } of jobs) if (mode === "vanilla") plain.set(question, textOf(journal.get(key)));
  return jobs.map((job) => ({ job, row: journal.get(job.key), plain: plain.get(job.question) }));
}

export function textOf(row: AnswerRow | undefined): string | undefined {
  return row !== undefined && "text" in row ? row.text : undefined;
}
