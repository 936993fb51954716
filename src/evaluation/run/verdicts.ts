import { z } from "zod";
import { JudgeError, type Turn } from "../../core/index.ts";
import type { Case, CaseJudge } from "../judges/case-judge.ts";
import { type AskedMeasure, answered, asked, type TaskQuestion, type Verdicts } from "../questions.ts";
import { type Attempt, textOf } from "./answers.ts";
import { type Journal, keyOf } from "./journal.ts";
import { withAll } from "./work.ts";

export const VERDICT_ROW = z.object({ key: z.string(), value: z.number().min(-1).max(1) });

/** What a judge said: -1 (bad) to 1 (good). */
export type VerdictRow = z.infer<typeof VERDICT_ROW>;

/** A judge, and what it has said so far. */
export interface VerdictSource {
  readonly judge: CaseJudge;
  readonly journal: Journal<VerdictRow>;
}

export interface VerdictRun extends VerdictSource {
  /** Told of each verdict that is kept, and of each case on which the judge gave none, and why. */
  readonly onVerdict: (unjudged: string | undefined) => void;
  readonly signal: AbortSignal;
}

/** Something to be asked, under the name of the row that will answer it. */
interface OpenInquiry {
  readonly key: string;
  readonly inquiry: Inquiry;
}

/** What the judge has not said yet about these answers. What two answers have in common is asked once. */
export function openInquiries(attempts: readonly Attempt[], { judge, journal }: VerdictSource): readonly OpenInquiry[] {
  const all = attempts.flatMap((one) => asked(one.job.question.measures).flatMap((measure) => openOf(one, measure, judge)));
  const open = new Map(all.filter(({ key }) => journal.get(key) === undefined).map((one) => [one.key, one]));
  return [...open.values()];
}

/** Asks it. A case without a usable verdict stays open: it is asked again when the work is taken up again. */
export async function askForVerdicts(open: readonly OpenInquiry[], { judge, journal, onVerdict, signal }: VerdictRun): Promise<void> {
  await withAll(open, { atOnce: judge.atOnce, signal }, async ({ key, inquiry }, either) => {
    const value = await ruling(inquiry, judge, either);
    if (typeof value === "number") journal.append({ key, value });
    onVerdict(typeof value === "number" ? undefined : value.message);
  });
}

/** The verdicts on an answer that are there. */
export function verdictsOn(attempt: Attempt, { judge, journal }: VerdictSource): Verdicts {
  const measures = asked(attempt.job.question.measures);
  const open = measures.flatMap((measure) => openOf(attempt, measure, judge).map(({ key }) => [measure.name, journal.get(key)?.value]));
  return Object.fromEntries(open.filter(([, value]) => value !== undefined)) as Verdicts;
}

/** Nothing, where there is no answer, or none to compare it with; plain answers are not compared with themselves. */
function openOf({ job, row, plain }: Attempt, measure: AskedMeasure, judge: CaseJudge): readonly OpenInquiry[] {
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

/** An answer, and the plain one to the same question. */
interface Answers {
  readonly text: string;
  readonly plain: string | undefined;
}

/** What is to be asked of a judge for a measure, and what follows from its values. */
interface Inquiry {
  readonly cases: readonly Case[];
  readonly valueOf: (values: readonly number[]) => number;
}

/** `undefined` where there is nothing to compare an answer with. */
function inquiryOf(question: TaskQuestion, measure: AskedMeasure, { text, plain }: Answers): Inquiry | undefined {
  const { principle } = measure;
  if (measure.kind !== "win") {
    const { reference } = question;
    const only: Case = {
      turns: answered(question.turns, text),
      principle,
      isGraded: measure.kind === "grade",
      ...(reference === undefined ? {} : { reference }),
    };
    return { cases: [only], valueOf: ([value = Number.NaN]) => value };
  }
  if (plain === undefined) return undefined;
  if (plain === text) return { cases: [], valueOf: () => 0 };
  const cases = [beside(question.turns, text, plain), beside(question.turns, plain, text)];
  return { cases: cases.map((turns) => ({ turns, principle, isGraded: false })), valueOf: agreed };
}

/** Two answers to one conversation, as a text that can be judged. */
function beside(turns: readonly Turn[], first: string, second: string): readonly Turn[] {
  return answered(turns, `The first answer:\n${first}\n\nThe second answer:\n${second}`);
}

/** The judge has an opinion only if it keeps it when the answers change places. */
function agreed([first = 0, swapped = 0]: readonly number[]): number {
  return Math.sign(first) === -Math.sign(swapped) ? (first - swapped) / 2 : 0;
}
