import type { Engine } from "../engine/engine.ts";
import { ContextFullError, JudgeError } from "../errors.ts";
import type { Judging, Settings } from "../options.ts";
import { type Calibration, calibrate, knownCases, UNFIT_BELOW } from "./calibration.ts";
import type { Principle } from "./principle.ts";

/** Which judge is asked. */
export interface JudgeChoice {
  readonly principle: Principle;
  readonly judging: Judging;
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

/** The judge that these options ask; `undefined` in `vanilla` mode, where nobody judges. */
export function judgeChoice({ mode, principle, judging, judgeExamples }: Settings): JudgeChoice | undefined {
  if (mode === "vanilla") return undefined;
  const isInPlace = mode === "adaptive" && judging === "in-place";
  return { principle, judging: isInPlace ? "in-place" : "preamble", judgeExamples: isInPlace ? 0 : judgeExamples };
}

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

/** What a person should know of a judge, in one line: what was measured, and what to do. `undefined` if it is fit, or was not measured. */
export function unfitWarning(checkup: Checkup | undefined, choice: JudgeChoice, { facts }: Engine): string | undefined {
  if (checkup?.verdict !== "unfit") return undefined;
  const { name } = choice.principle;
  const warning =
    "reason" in checkup
      ? `${facts.model} cannot judge its own answers by "${name}": ${checkup.reason}. Take another model; \`rain doctor\` measures it.`
      : `${facts.model} is no fit judge of its own answers by "${name}": ${finding(checkup)}. ${advice(choice)}`;
  return warning.replaceAll(/\s+/g, " ");
}

/** Rounded down: what is below the bound must not read as if it reached it. */
function finding({ balancedAccuracy, n }: Calibration): string {
  const [reached, least] = [balancedAccuracy, UNFIT_BELOW].map((share) => `${Math.floor(share * 100)} %`);
  return `${reached} right on ${n} answers, where guessing gets 50 % and ${least} is the least`;
}

function advice({ judging }: JudgeChoice): string {
  const otherJudge = judging === "in-place" ? ', or the judge that reads examples first (`judging` "preamble")' : "";
  return `Take a larger or instruction-tuned model, another principle or a simpler wording of it${otherJudge}; \`rain doctor\` measures them.`;
}
