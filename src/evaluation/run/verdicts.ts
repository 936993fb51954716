import { JudgeError } from "../../core/index.ts";
import type { CaseJudge } from "../judges/case-judge.ts";
import { type AskedMeasure, asked, type Verdicts } from "../tasks/measure.ts";
import { type Given, textOf } from "./answers.ts";
import { type Inquiry, inquiryOf } from "./cases.ts";
import type { Journal } from "./journal.ts";
import { keyOf, type VerdictRow } from "./rows.ts";
import { withAll } from "./with-all.ts";

/** A judge, and what it has said so far. */
export interface Bench {
  readonly judge: CaseJudge;
  readonly journal: Journal<VerdictRow>;
}

export interface Judging extends Bench {
  /** Told of each verdict that is kept, and of each case on which the judge gave none, and why. */
  readonly onVerdict: (unjudged: string | undefined) => void;
  readonly signal: AbortSignal;
}

/** Something to be asked, under the name of the row that will answer it. */
interface Open {
  readonly key: string;
  readonly inquiry: Inquiry;
}

/** What the judge has not said yet about these answers. What two answers have in common is asked once. */
export function openInquiries(given: readonly Given[], { judge, journal }: Bench): readonly Open[] {
  const all = given.flatMap((one) => asked(one.job.question.measures).flatMap((measure) => openOf(one, measure, judge)));
  const open = new Map(all.filter(({ key }) => journal.get(key) === undefined).map((one) => [one.key, one]));
  return [...open.values()];
}

/** Asks it. A case without a usable verdict stays open: it is asked again when the work is taken up again. */
export async function askForVerdicts(open: readonly Open[], { judge, journal, onVerdict, signal }: Judging): Promise<void> {
  await withAll(open, { atOnce: judge.atOnce, signal }, async ({ key, inquiry }, either) => {
    const value = await ruling(inquiry, judge, either);
    if (typeof value === "number") journal.append({ key, value });
    onVerdict(typeof value === "number" ? undefined : value.message);
  });
}

/** The verdicts on an answer that are there. */
export function verdictsOn(given: Given, { judge, journal }: Bench): Verdicts {
  const measures = asked(given.job.question.measures);
  const open = measures.flatMap((measure) => openOf(given, measure, judge).map(({ key }) => [measure.name, journal.get(key)?.value]));
  return Object.fromEntries(open.filter(([, value]) => value !== undefined)) as Verdicts;
}

/** Nothing, where there is no answer, or none to compare it with; plain answers are not compared with themselves. */
function openOf({ job, row, plain }: Given, measure: AskedMeasure, judge: CaseJudge): readonly Open[] {
  const text = textOf(row);
  if (text === undefined || (measure.kind === "win" && job.mode === "vanilla")) return [];
  const inquiry = inquiryOf(job.question, measure, { text, plain });
  return inquiry === undefined ? [] : [{ key: keyOf({ judge: judge.name, cases: inquiry.cases }), inquiry }];
}

async function ruling(inquiry: Inquiry, judge: CaseJudge, signal: AbortSignal): Promise<number | JudgeError> {
  try {
    const values: number[] = [];
    for (const one of inquiry.cases) values.push(await judge.value(one, signal));
    return inquiry.valueOf(values);
  } catch (error) {
    if (error instanceof JudgeError) return error;
    throw error;
  }
}
