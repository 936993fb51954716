import type { Mode } from "../../core/index.ts";
import type { Model } from "../run/plan.ts";

/** What was evaluated, and how. */
export interface About {
  readonly task: string;
  /** What the task finds out, in one line. */
  readonly purpose: string;
  /** The file's name. */
  readonly data: string;
  readonly models: readonly EvaluatedModel[];
  readonly modes: readonly Mode[];
  /** What was put over the task's own options, in one line; empty: nothing. */
  readonly decoding: string;
  /** "self", or what it is called. */
  readonly judge: string;
  readonly questions: number;
  readonly seed: number;
  /** Rows of the data that could not be read. */
  readonly badRows: number;
  /** What the judge has cost, where somebody has to pay for it. */
  readonly bill: string | undefined;
}

export interface EvaluatedModel extends Model {
  readonly parameters: number;
  /** Whether it is the toy that comes with the package. */
  readonly isEmbedded: boolean;
  /** How it was prompted, where nobody asked for that. */
  readonly notice: string | undefined;
  /** Why it is no fit judge of itself, where that was found. */
  readonly warnings: readonly string[];
}
