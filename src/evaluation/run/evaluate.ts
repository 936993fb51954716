import { join } from "node:path";
import type { Engine } from "../../core/index.ts";
import type { CaseJudge } from "../judges/case-judge.ts";
import { answered, messagesOf, outcomeOf } from "../questions.ts";
import {
  ANSWER_ROW,
  type AnswerRow,
  type Attempt,
  attemptsOf,
  jobsOf,
  type Model,
  type Plan,
  type WrittenAnswer,
  writeAnswers,
} from "./answers.ts";
import { Folder, Journal } from "./journal.ts";
import { askForVerdicts, openInquiries, VERDICT_ROW, type VerdictRow, type VerdictSource, verdictsOn } from "./verdicts.ts";
import { during, type Progress } from "./work.ts";

/**
 * Where an evaluation keeps what it has, and writes what it came to. The journals grow in the order in which rows were ready; whatever is
 * read by others is written whole, at the end.
 */
export class RunFolder extends Folder implements Disposable {
  readonly answers: Journal<AnswerRow>;
  readonly verdicts: Journal<VerdictRow>;

  /** @throws {FolderError} when it cannot be written, or holds something else */
  constructor(path: string) {
    super(path);
    this.answers = new Journal(join(path, "answers.journal.jsonl"), ANSWER_ROW);
    this.verdicts = new Journal(join(path, "verdicts.journal.jsonl"), VERDICT_ROW);
  }

  [Symbol.dispose](): void {
    this.answers[Symbol.dispose]();
    this.verdicts[Symbol.dispose]();
  }
}

export interface EvaluationRun {
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
export async function evaluate(plan: Plan, evaluating: EvaluationRun): Promise<readonly Result[]> {
  const { model, engine, judge, folder, progress } = evaluating;
  const jobs = jobsOf(plan, { ...model, contextSize: engine.facts.contextSize });
  const known = jobs.filter(({ key }) => folder.answers.get(key) !== undefined).length;
  await during(progress, [`${model.label}: answers`, jobs.length, known], async () => {
    await writeAnswers(jobs, { ...evaluating, journal: folder.answers, onAnswer: () => progress.step() });
  });
  const attempts = attemptsOf(jobs, folder.answers);
  const source = { judge, journal: folder.verdicts };
  const open = openInquiries(attempts, source);
  await during(progress, [`${model.label}: verdicts`, open.length, 0], async () => {
    await askForVerdicts(open, { ...source, signal: evaluating.signal, onVerdict: verdictTeller(progress) });
  });
  return resultsOf(model.label, attempts, source);
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

/** What an answer came to by each measure; `undefined` where it was not judged. */
type Outcomes = Readonly<Record<string, number | undefined>>;

/** One question, asked of one model in one mode. */
export interface Result {
  readonly model: string;
  readonly attempt: Attempt;
  readonly outcomes: Outcomes;
}

function resultsOf(model: string, attempts: readonly Attempt[], source: VerdictSource): readonly Result[] {
  return attempts.map((attempt) => {
    const { measures } = attempt.job.question;
    const verdicts = verdictsOn(attempt, source);
    const isCompared = (kind: string) => kind !== "win" || attempt.job.mode !== "vanilla";
    const applied = measures.filter(({ kind }) => isCompared(kind));
    return {
      model,
      attempt,
      outcomes: Object.fromEntries(applied.map((measure) => [measure.name, outcomeOf(measure, measures, verdicts)])),
    };
  });
}

/** What was said; `undefined` where there is no answer. */
export function writtenAnswer({ attempt: { row } }: Result): WrittenAnswer | undefined {
  return row !== undefined && "text" in row ? row : undefined;
}

/**
 * A line of `results.jsonl`. Only what the seed decides: however the work was interrupted, and however many answers were written at once,
 * the same command comes to the same bytes. What it took is in the summary.
 */
export function resultLine(result: Result): string {
  const { model, attempt, outcomes } = result;
  const { question, mode } = attempt.job;
  const written = writtenAnswer(result);
  const failure = attempt.row !== undefined && "failure" in attempt.row ? attempt.row.failure : "not answered";
  return `${JSON.stringify({
    model,
    group: question.group,
    id: question.id,
    mode,
    seed: question.seed,
    messages: messagesOf(written === undefined ? question.turns : answered(question.turns, written.text)),
    ...(written === undefined ? { failure } : { finishReason: written.finishReason, rewinds: written.rewinds, tokens: written.emitted }),
    outcomes: Object.fromEntries(
      Object.entries(outcomes).map(([name, outcome]) => [name, outcome === undefined ? null : rounded(outcome)]),
    ),
  })}\n`;
}

/** A grade comes from probabilities, whose last digits depend on what was in the cache. */
function rounded(outcome: number): number {
  return Math.round(outcome * 10) / 10;
}
