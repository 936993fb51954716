import { z } from "zod";
import { TASKS, type TaskName } from "../training/world/index.ts";

const figure = z.number();

const CELL = z.object({
  /** Questions. */
  n: figure,
  /** Share of good answers, and Wilson's 95 % interval. */
  rate: figure,
  low: figure,
  high: figure,
  fpe: figure,
  spe: figure.optional(),
  epe: figure.optional(),
  /** Forward tokens per answer, the prompt not counted: what "equal cost" means for modes of different answer lengths. */
  forward: figure.optional(),
  /** Drafts, where they follow from the cost of another mode. */
  drafts: figure.optional(),
  /** How it was measured. A cell of other conditions, or of unknown ones, is measured again. */
  seed: figure.optional(),
  judgeExamples: figure.optional(),
});

const TASK_NAMES = Object.keys(TASKS) as [TaskName, ...TaskName[]];

/** What `bench:quality` prints and keeps: by task and by mode. */
export const QUALITY_RESULTS = z.object({
  model: z.string(),
  n: figure,
  tasks: z.partialRecord(z.enum(TASK_NAMES), z.record(z.string(), CELL)),
});

/** One mode on the questions of one task. */
export type Cell = Readonly<z.infer<typeof CELL>>;

export type QualityResults = z.infer<typeof QUALITY_RESULTS>;
