import type { Engine } from "../../core/index.ts";
import type { CaseJudge } from "../judges/case-judge.ts";
import { givenAnswers, writeAnswers } from "./answers.ts";
import { jobsOf, type Model, type Plan } from "./plan.ts";
import { during, type Progress } from "./progress.ts";
import { type Result, resultsOf } from "./results.ts";
import type { RunFolder } from "./run-folder.ts";
import { askForVerdicts, openInquiries } from "./verdicts.ts";

export interface Evaluating {
  readonly model: Model;
  readonly engine: Engine;
  readonly judge: CaseJudge;
  readonly folder: RunFolder;
  /** Answers that are written at once. With more than one the last digits of the logits, and now and then an answer, differ from run to run. */
  readonly atOnce: number;
  readonly clock: () => number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** All of a plan with one model: first the answers, then what the judge says of them. What the folder has already is not done again. */
export async function evaluate(plan: Plan, evaluating: Evaluating): Promise<readonly Result[]> {
  const { model, engine, judge, folder, progress } = evaluating;
  const jobs = jobsOf(plan, { ...model, contextSize: engine.facts.contextSize });
  const known = jobs.filter(({ key }) => folder.answers.get(key) !== undefined).length;
  await during(progress, [`${model.label}: answers`, jobs.length, known], async () => {
    await writeAnswers(jobs, { ...evaluating, journal: folder.answers, onAnswer: () => progress.step() });
  });
  const given = givenAnswers(jobs, folder.answers);
  const bench = { judge, journal: folder.verdicts };
  const open = openInquiries(given, bench);
  await during(progress, [`${model.label}: verdicts`, open.length, 0], async () => {
    await askForVerdicts(open, { ...bench, signal: evaluating.signal, onVerdict: verdictTeller(progress) });
  });
  return resultsOf(model.label, given, bench);
}

/** Cases without a verdict that are told one by one; the report counts all. */
const MOST_TOLD = 10;

function verdictTeller(progress: Progress): (unjudged: string | undefined) => void {
  let told = 0;
  return (unjudged) => {
    progress.step();
    if (unjudged === undefined || ++told > MOST_TOLD) return;
    const rest = told === MOST_TOLD ? " (others after this one are only counted, in the report)" : "";
    progress.note(`Left unjudged: ${unjudged}${rest}`);
  };
}
