import type { Principle } from "../../core/index.ts";

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

/** Nobody is asked: an answer has it when it has both of these. */
export interface BothMeasure extends Named {
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
