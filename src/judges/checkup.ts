import { ContextFullError, type Engine, JudgeError, type Judging, type Principle } from "../core/index.ts";
import { type Calibration, calibrate, knownCases } from "./calibration.ts";

/** Which judge is asked. */
export interface JudgeChoice {
  readonly principle: Principle;
  readonly judging: Exclude<Judging, "auto">;
  /** Examples that it reads first. */
  readonly judgeExamples: number;
}

/** How good a judge is, or why it cannot be asked at all. Plain data, which may be kept as JSON. */
export type Checkup = Calibration | { readonly verdict: "unfit"; readonly reason: string };

/**
 * Finds out how good a judge is. `undefined` where nothing can be measured: by a principle of one's own none of whose examples,
 * or only good or only bad ones, are left to ask about.
 */
export type MeasureJudge = (engine: Engine, choice: JudgeChoice, signal?: AbortSignal) => Promise<Checkup | undefined>;

/** Measures it. Costs two short questions for each answer of a known verdict, usually 24. Rejects where the engine itself fails, or with the signal's reason. */
export const measureJudge: MeasureJudge = async (engine, { principle, judging, judgeExamples }, signal) => {
  const cases = knownCases(principle, { judging, judgeExamples });
  if (new Set(cases.map(({ verdict }) => verdict)).size < 2) return undefined;
  try {
    return await calibrate(engine, principle, { cases, judging, judgeExamples, signal });
  } catch (error) {
    // Then each answer will fail with this error: here it is a finding.
    if (error instanceof JudgeError || error instanceof ContextFullError) return { verdict: "unfit", reason: error.message };
    throw error;
  }
};
