/** Evaluations of a model's answers: data, tasks, judges, a run that can be taken up again, reports. */
export type { CaseJudge } from "./judges/case-judge.ts";
export { CommandJudge } from "./judges/command-judge.ts";
export { EndpointJudge, type Price } from "./judges/endpoint-judge.ts";
export { onlyModel } from "./judges/endpoint-models.ts";
export { ORACLE } from "./judges/oracle-judge.ts";
export { ownJudge } from "./judges/own-judge.ts";
export { fetchPublicFile, PUBLIC_DATA } from "./public-data.ts";
export type { EvaluatedModel } from "./report/about.ts";
export { csvReport } from "./report/csv.ts";
export { markdownReport } from "./report/markdown.ts";
export { type Summary, summaryOf } from "./report/summary.ts";
export { evaluate, type Progress } from "./run/evaluate.ts";
export { type Result, resultLine } from "./run/results.ts";
export { RunFolder } from "./run/run-folder.ts";
export { fileQuestions, worldQuestions } from "./tasks/questions.ts";
export type { Question } from "./tasks/task.ts";
export { type EvaluationName, FILE_TASKS, TASK_NAMES } from "./tasks/tasks.ts";
export { TASKS as WORLD_PARTS } from "./world/index.ts";
