import type { RainOptions, Turn } from "../../core/index.ts";
import type { ReaderFormats } from "../readers/formats.ts";
import type { Measure } from "./measure.ts";

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
