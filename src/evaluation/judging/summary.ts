import type { JudgeScores } from "./scores.ts";

/** How the judges of one model do on labelled answers. */
export interface JudgingSummary {
  readonly model: string;
  readonly principle: string;
  /** Labelled answers, and how many of them are good. */
  readonly n: number;
  readonly good: number;
  readonly prompts: number;
  /** The files, for people. */
  readonly data: string;
  /** On what the judge was fitted, for people. */
  readonly fittedOn: string;
  readonly caveats: readonly string[];
  readonly judges: readonly JudgeScores[];
}
