import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  evaluate,
  fileQuestions,
  markdownReport,
  ownJudge,
  type Progress,
  RunFolder,
  summaryOf,
  TASKS,
} from "../../../src/evaluation/index.ts";
import { type LlamaEngine, loadLlamaEngine } from "../../../src/llama.ts";
import { temporaryFolder } from "../../support/tiny-model.ts";

const folder = temporaryFolder();
const silent: Progress = { begin: () => undefined, step: () => undefined, end: () => undefined, note: () => undefined };
let engine: LlamaEngine;

beforeAll(async () => {
  engine = await loadLlamaEngine();
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

it.each([
  ["hh", "hh-rlhf.jsonl.gz"],
  ["advbench", "goal-controls.json"],
  ["truthfulqa", "truthful-qa.csv"],
  ["sentiment", "imdb-sentences.tsv"],
  ["just-eval", "just-eval.jsonl"],
  ["xstest", "xstest.csv"],
  ["pairs", "prompts.txt"],
] as const)("%s is answered in each mode, judged by the model itself, and summed up", async (task, name) => {
  using out = new RunFolder(join(folder.path, task));
  const path = join(import.meta.dirname, "../fixtures", name);
  const questions = await fileQuestions(TASKS[task], { path, isStrict: true, onBadRow: () => undefined }, { n: undefined, seed: 1 });
  const model = { label: "embedded", bytes: engine.facts.fileBytes };
  const modes = ["vanilla", "adaptive"] as const;
  const results = await evaluate(
    { questions, modes, options: { maxTokens: 24 }, version: "1.0.0" },
    {
      ...{ model, engine, judge: ownJudge(engine, model.label), folder: out },
      ...{ atOnce: 1, clock: () => 0, progress: silent, signal: new AbortController().signal },
    },
  );
  expect(results.map(({ attempt }) => attempt.job.mode)).toEqual(questions.flatMap(() => modes));

  const models = [{ ...model, parameters: engine.facts.parameters, isEmbedded: true, notice: undefined, warnings: [] }];
  const about = { task, purpose: TASKS[task].about, data: name, models, modes, decoding: "", questions: questions.length };
  const summary = summaryOf({ ...about, judge: "self", seed: 1, badRows: 0, command: "rain eval", bill: undefined }, results);
  expect(summary.cells.length).toBeGreaterThan(0);
  expect(summary.cells.map(({ unanswered, unjudged }) => unanswered + unjudged)).toEqual(summary.cells.map(() => 0));
  const text = markdownReport(summary);
  expect(text).toContain("THE NUMBERS OF THE EMBEDDED MODEL ARE MEANINGLESS HERE");
  expect(text).toContain("The judge is the model itself");
});
