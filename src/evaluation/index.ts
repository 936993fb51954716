/** Evaluations of a model's answers: data, tasks, judges, runs that can be taken up again, reports; token shift; files of pairs. */

export { bootstrap, bootstrapTest, type Interval, mcnemar, mean, quantile, type Rate, wilson } from "../statistics.ts";
export { type Case, type CaseJudge, JudgeDownError, ownJudge } from "./judges/case-judge.ts";
export { CommandJudge } from "./judges/command-judge.ts";
export { EndpointJudge, type EndpointOptions, onlyModel, type Price } from "./judges/endpoint-judge.ts";
export { PAIR_SCHEMA, PairFile, type PairSummary, summarise } from "./pair-file.ts";
export { type FetchOptions, fetchPublicFile, PUBLIC_DATA } from "./public-data.ts";
export { fileQuestions, type Measure, type Task, type TaskQuestion } from "./questions.ts";
export { ANY_PROMPTS, DataError, formatOf, type RecordReading, readEntries } from "./readers/index.ts";
export { groupedBy } from "./report/cells.ts";
export { type Chart, percentAxis } from "./report/chart.ts";
export { csvReport, decodingWords, markdownReport } from "./report/forms.ts";
export { htmlReport } from "./report/html.ts";
export { type ChartGroup, htmlPage, reportBody } from "./report/page.ts";
export { type About, costOf, type EvaluatedModel, type Summary, summaryOf } from "./report/summary.ts";
export { markdownText, percent, type ReportTable, type ReportWords } from "./report/words.ts";
export { type DraftJudge, type Work, workOf } from "./run/answers.ts";
export { evaluate, type Result, RunFolder, resultLine } from "./run/evaluate.ts";
export { Folder, FolderError, Journal, keyOf } from "./run/journal.ts";
export { during, type Progress } from "./run/work.ts";
export { measureShift, SHIFT_ROW, type ShiftedRow, type ShiftRow, type TokenRow } from "./shift/measure.ts";
export { shiftPage } from "./shift/page.ts";
export { checkSameVocabulary, type Pair, SHIFT_LAYOUTS, type ShiftLayout, VocabularyError } from "./shift/shifted-answer.ts";
export { type ShiftAbout, type ShiftModel, shiftSummary } from "./shift/summary.ts";
export { shiftMarkdown } from "./shift/words.ts";
export { HELPFUL, TASK_NAMES, TASKS, type TaskName } from "./tasks.ts";
