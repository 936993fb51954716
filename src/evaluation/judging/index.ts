/** How judges do on labelled answers, as tables, charts and numbers. */
export { judgingCsv } from "./csv.ts";
export { judgingPage } from "./page.ts";
export { type JudgeScores, scoresOf } from "./scores.ts";
export type { JudgingSummary } from "./summary.ts";
export { judgingMarkdown } from "./words.ts";
