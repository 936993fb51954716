import {
  ContextFullError,
  DEFAULTS,
  type Engine,
  type Example,
  Judge,
  JudgeError,
  type Judging,
  Meter,
  OptionError,
  type Principle,
  type Verdict,
} from "../core/index.ts";
import { CALIBRATION_CASES } from "./calibration-cases.ts";
import { InPlaceJudge } from "./lettered/letter-judge.ts";

/** Balanced accuracy below which a model must not be its own judge: half of its flags would be noise. */
const UNFIT_ACCURACY = 0.65;
const WEAK_BELOW = 0.85;

/** How good a model is as the judge of its own answers. */
export interface Calibration {
  /** Mean of the shares of good and of bad answers that it recognised. 0.5 is guessing, 1 is perfect. */
  readonly balancedAccuracy: number;
  /** Share of the answers on which both orders of the options agreed. Range [0, 1]. */
  readonly agreement: number;
  /** Answers judged. */
  readonly n: number;
  /** `unfit` (below 0.65): take a larger model or another principle. `weak` (below 0.85): expect mistakes. */
  readonly verdict: "good" | "weak" | "unfit";
}

export interface CalibrationOptions {
  /**
   * Labelled answers. @default a built-in set of 24 for a principle of a built-in name; for one of your own, those of its examples
   * that the judge does not read first
   */
  readonly cases?: readonly Example[];
  /** As in `RainOptions`. @default 10 */
  readonly judgeExamples?: number;
  /** Which judge is asked, always in both orders. @default "preamble" */
  readonly judging?: Exclude<Judging, "auto">;
  readonly signal?: AbortSignal | undefined;
}

/** Answers with a known verdict that this judge is not shown before it is asked. There may be none. */
function knownCases({ name, examples }: Principle, { judging, judgeExamples }: Preamble): readonly Example[] {
  const builtIn = Object.hasOwn(CALIBRATION_CASES, name) ? CALIBRATION_CASES[name] : undefined;
  const cases = builtIn ?? examples.slice(judging === "preamble" ? judgeExamples : 0);
  return cases.filter(({ verdict }) => verdict !== "neutral");
}

/** What a judge reads first. */
type Preamble = Required<Pick<CalibrationOptions, "judging" | "judgeExamples">>;

/**
 * Asks the judge about answers whose verdict is known.
 *
 * @throws {OptionError} when there are no good or no bad cases to ask about
 * @throws {JudgeError} when the judge gives no usable verdict at all
 */
export async function calibrate(engine: Engine, principle: Principle, options: CalibrationOptions = {}): Promise<Calibration> {
  const { judging = "preamble", judgeExamples = DEFAULTS.judgeExamples } = options;
  const cases = (options.cases ?? knownCases(principle, { judging, judgeExamples })).filter(({ verdict }) => verdict !== "neutral");
  if (new Set(cases.map(({ verdict }) => verdict)).size < 2) {
    const received = `${cases.length} cases`;
    throw new OptionError(
      "cases",
      `Expected \`cases\` to hold good and bad answers for the principle "${principle.name}", got ${received}`,
      cases,
    );
  }
  const settings = { judgeExamples, verdict: "soft", threshold: 0, doubtMargin: 2 } as const;
  const judge = judging === "in-place" ? new InPlaceJudge(engine, principle, settings) : new Judge(engine, principle, settings);
  const call = { purpose: "evaluate", meter: new Meter(), signal: options.signal } as const;
  const judged: Judged[] = [];
  for (const { turns, verdict } of cases) {
    const [said] = await judge.verdicts(judge.conversation(turns), [[]], call);
    judged.push({ isGood: verdict === "good", said: said as Verdict });
  }
  return summarise(judged);
}

interface Judged {
  readonly isGood: boolean;
  readonly said: Verdict;
}

function summarise(judged: readonly Judged[]): Calibration {
  const recall = [true, false].map((isGood) => {
    const ofThisKind = judged.filter((one) => one.isGood === isGood);
    return shareOf(ofThisKind, ({ said }) => (isGood ? said.value > 0 : said.value < 0));
  });
  const balancedAccuracy = recall.reduce((sum, share) => sum + share, 0) / recall.length;
  return {
    balancedAccuracy,
    agreement: shareOf(judged, ({ said }) => new Set(said.byOrder.map(Math.sign)).size === 1),
    n: judged.length,
    verdict: balancedAccuracy < UNFIT_ACCURACY ? "unfit" : balancedAccuracy < WEAK_BELOW ? "weak" : "good",
  };
}

function shareOf(judged: readonly Judged[], isCounted: (one: Judged) => boolean): number {
  return judged.filter(isCounted).length / judged.length;
}

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
