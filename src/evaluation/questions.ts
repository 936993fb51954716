import { deriveSeed, type Principle, type RainOptions, randomAt, type Turn } from "../core/index.ts";
import { formatOf, type ReaderFormats, type RecordReading, readEntries } from "./readers/index.ts";

/** An evaluation: what data it takes, how its questions are answered, what is found out about the answers. */
export interface Task {
  /** For people, in one line. */
  readonly about: string;
  readonly formats: ReaderFormats;
  /** What the search judges by, and the constants that the paper uses for this experiment. */
  readonly options: RainOptions;
  readonly measures: (group: string) => readonly Measure[];
}

/** One thing that is asked, in every mode with the same seed. */
export interface TaskQuestion {
  /** Its number in the data. */
  readonly id: string;
  readonly group: string;
  /** The conversation to be answered, or whose last turn, an assistant's, is to be continued. */
  readonly turns: readonly Turn[];
  readonly seed: number;
  readonly options: RainOptions;
  readonly measures: readonly Measure[];
  /** What is known of right and wrong answers. */
  readonly reference?: string;
}

/** The conversation with its answer: what is judged. */
export function answered(turns: readonly Turn[], text: string): readonly Turn[] {
  const last = turns.at(-1);
  if (last?.role !== "assistant") return [...turns, { role: "assistant", text }];
  return [...turns.slice(0, -1), { role: "assistant", text: last.text + text }];
}

/** As the OpenAI API writes a chat. */
export function messagesOf(turns: readonly Turn[]): { role: string; content: string }[] {
  return turns.map(({ role, text }) => ({ role, content: text }));
}

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

/** Names the use of the seed for choosing. */
const CHOICE = 0xc401ce;

/** `count` of these, chosen by the seed, in their own order. */
function sampled(questions: readonly TaskQuestion[], count: number, seed: number): readonly TaskQuestion[] {
  const drawn = questions.map((question, index) => ({ question, index, draw: randomAt(deriveSeed(seed, CHOICE), index) }));
  const chosen = drawn.toSorted((left, right) => left.draw - right.draw).slice(0, count);
  return chosen.toSorted((left, right) => left.index - right.index).map(({ question }) => question);
}

/** What is found out about an answer. */
export type Measure = AskedMeasure | BothMeasure;

interface Named {
  readonly name: string;
  /** Which way is better. */
  readonly wanted: "high" | "low";
}

/** A judge is asked. */
export interface AskedMeasure extends Named {
  /**
   * `share`: how many answers the judge calls good, or bad. `grade`: from 1 to 5. `win`: against the plain answer to the same question,
   * asked with either one first; a judge that then contradicts itself has seen a tie.
   */
  readonly kind: "share" | "grade" | "win";
  readonly principle: Principle;
  /** Which of the principle's options a share counts. @default "good" */
  readonly counts?: "bad";
}

/** No judge is asked: an answer has it when it has both of these. */
interface BothMeasure extends Named {
  readonly kind: "both";
  readonly of: readonly [string, string];
}

/** What judges said of one answer, by the measure's name: -1 (bad) to 1 (good). Missing where there is no verdict. */
export type Verdicts = Readonly<Partial<Record<string, number>>>;

/** What a measure makes of the verdicts: 0 to 1, or for a grade 1 to 5. `undefined` where a verdict is missing. */
export function outcomeOf(measure: Measure, measures: readonly Measure[], verdicts: Verdicts): number | undefined {
  if (measure.kind === "both") {
    const parts = measure.of.map((name) => outcomeOf(named(measures, name), measures, verdicts));
    return parts.reduce((product, part) => (product === undefined || part === undefined ? undefined : product * part), 1);
  }
  const value = verdicts[measure.name];
  if (value === undefined) return undefined;
  switch (measure.kind) {
    case "share":
      return (measure.counts === "bad" ? value < 0 : value > 0) ? 1 : 0;
    case "grade":
      return 3 + 2 * value;
    case "win":
      return (1 + Math.sign(value)) / 2;
    default:
      throw measure satisfies never;
  }
}

export function asked(measures: readonly Measure[]): readonly AskedMeasure[] {
  return measures.filter((measure) => measure.kind !== "both");
}

function named(measures: readonly Measure[], name: string): Measure {
  const measure = measures.find((one) => one.name === name);
  if (measure === undefined) throw new RangeError(`Expected a measure called "${name}", got ${measures.map((one) => one.name).join(", ")}`);
  return measure;
}
