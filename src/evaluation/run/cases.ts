import type { Turn } from "../../core/index.ts";
import type { Case } from "../judges/case-judge.ts";
import type { AskedMeasure } from "../tasks/measure.ts";
import { answered, type Question } from "../tasks/task.ts";

/** An answer, and the plain one to the same question. */
export interface Answers {
  readonly text: string;
  readonly plain: string | undefined;
}

/** What is to be asked of a judge for a measure, and what follows from its values. */
export interface Inquiry {
  readonly cases: readonly Case[];
  readonly valueOf: (values: readonly number[]) => number;
}

/** `undefined` where there is nothing to compare an answer with. */
export function inquiryOf(question: Question, measure: AskedMeasure, { text, plain }: Answers): Inquiry | undefined {
  const { principle } = measure;
  if (measure.kind !== "win") {
    const { reference, isGood } = question;
    const only: Case = {
      turns: answered(question.turns, text),
      principle,
      isGraded: measure.kind === "grade",
      ...(reference === undefined ? {} : { reference }),
      ...(isGood === undefined ? {} : { isGood: isGood(text) }),
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
