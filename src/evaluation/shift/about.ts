import type { Model } from "../run/plan.ts";
import type { Pair } from "./layout.ts";
import type { ShiftOptions } from "./shifted-answer.ts";

/** What was measured, and how. */
export interface ShiftAbout extends ShiftOptions, Pair<ShiftModel> {
  /** The file's name. */
  readonly data: string;
  /** Rows of the data that could not be read. */
  readonly badRows: number;
}

export interface ShiftModel extends Model {
  /** Whether it is the toy that comes with the package. */
  readonly isEmbedded: boolean;
}
