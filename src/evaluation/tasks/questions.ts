import { deriveSeed, randomAt } from "../../core/index.ts";
import { formatOf } from "../readers/formats.ts";
import { type RecordReading, readEntries } from "../readers/reader.ts";
import type { Task, TaskQuestion } from "./task.ts";

/** Which questions of the data are asked. */
export interface QuestionChoice {
  /** How many; all if that is more than there are. @default all */
  readonly n: number | undefined;
  /** Chooses them, and is what each question's own seed is derived from. */
  readonly seed: number;
}

/**
 * The questions of a file, in its order.
 *
 * @throws {DataError} for a file that this task cannot read, and all that reading it throws
 */
export async function fileQuestions(task: Task, reading: RecordReading, { n, seed }: QuestionChoice): Promise<readonly TaskQuestion[]> {
  const numbered = await readEntries(formatOf(task.formats, reading.path), reading);
  const questions = numbered.map(({ id, entry }, index): TaskQuestion => {
    const { group = "all", ...rest } = entry;
    return { id, group, ...rest, seed: deriveSeed(seed, index), options: task.options, measures: task.measures(group) };
  });
  return sampled(questions, n ?? questions.length, seed);
}

/** `count` of these, chosen by the seed, in their own order. */
function sampled(questions: readonly TaskQuestion[], count: number, seed: number): readonly TaskQuestion[] {
  const drawn = questions.map((question, index) => ({ question, index, draw: randomAt(deriveSeed(seed, CHOICE), index) }));
  const chosen = drawn.toSorted((left, right) => left.draw - right.draw).slice(0, count);
  return chosen.toSorted((left, right) => left.index - right.index).map(({ question }) => question);
}

/** Names the use of the seed for choosing. */
const CHOICE = 0xc401ce;
