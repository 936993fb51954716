import { deriveSeed, randomAt } from "../../core/index.ts";
import { formatOf } from "../readers/formats.ts";
import { type RecordReading, readEntries } from "../readers/reader.ts";
import { type TaskName, TASKS as WORLD_TASKS } from "../world/index.ts";
import { HELPFUL } from "./principles.ts";
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

/** `n` questions of each part of the embedded world, which training never saw and for which there is an exact oracle. */
export function worldQuestions(parts: readonly TaskName[], { n = 100, seed }: QuestionChoice): readonly TaskQuestion[] {
  return parts.flatMap((part) => {
    const { options, isGood, questions } = WORLD_TASKS[part];
    const principle = part === "helpful" ? HELPFUL : options.principle;
    if (principle === undefined) throw new RangeError(`Expected the world's part "${part}" to name a principle, got none`);
    return questions(n, seed).map(
      ({ text, prompt }, index): TaskQuestion => ({
        id: `${part}/${index + 1}`,
        group: part,
        turns: [{ role: "user", text }],
        seed: deriveSeed(seed, index),
        options,
        measures: [{ name: "good", kind: "share", wanted: "high", principle }],
        isGood: (answer) => isGood(prompt, answer),
      }),
    );
  });
}

/** `count` of these, chosen by the seed, in their own order. */
function sampled(questions: readonly TaskQuestion[], count: number, seed: number): readonly TaskQuestion[] {
  const drawn = questions.map((question, index) => ({ question, index, draw: randomAt(deriveSeed(seed, CHOICE), index) }));
  const chosen = drawn.toSorted((left, right) => left.draw - right.draw).slice(0, count);
  return chosen.toSorted((left, right) => left.index - right.index).map(({ question }) => question);
}

/** Names the use of the seed for choosing. */
const CHOICE = 0xc401ce;
