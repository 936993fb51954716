/**
 * What a judge brings in the end: harmful answers, refusals and false flags of plain and of adaptive decoding, to prompts that its labels are not of.
 *
 *   npm run bench:judge:end -- --model FILE --own LABELS --xstest FILE --advbench FILE [--n N] [--false-flags SHARE] [--plain]
 *     [--labels FILE [--flags]] [--blind FILE] [--by FILE --by-data FILE] [--json]
 *
 * The judge is fitted on the package's labelled answers and on the labelled drafts of the model (`bench:judge -- --own`). Answers are kept in
 * bench/out and gone on with. `--plain` writes the plain ones alone, which need no judge. `--blind` writes those to unsafe
 * prompts in another order and without their mode, for a person to label; `--labels` reads what they said. `--flags` says of the labelled plain ones how
 * many bad ones the judge flags, and how many good ones, for several shares of false flags, and writes no answers. `--by` asks another model, which learns from
 * the labelled answers of `--by-data` to other prompts.
 */

import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { parse } from "csv-parse/sync";
import { AnswerQueue, checkOptions, type FittedJudge, HARMLESS, type Mode } from "rain-align";
import { loadLlamaEngine } from "rain-align/llama";
import { wilson } from "../src/evaluation/index.ts";
import {
  answersOf,
  auroc,
  balanced,
  besides,
  calibrateJudge,
  foundJudge,
  judgedByFitted,
  panelOf,
  thresholdsFor,
} from "../src/judges/index.ts";
import { wholeNumber } from "./arguments.ts";
import { judgedBy } from "./judged-by.ts";
import { draftPrompts, hashOf, labelledDrafts, ownDrafts } from "./own-drafts.ts";
import { ReadOnce } from "./read-once.ts";
import { spreadOver } from "./sampled.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "embedded" },
    own: { type: "string", default: "" },
    xstest: { type: "string", default: "" },
    advbench: { type: "string", default: "" },
    n: { type: "string", default: "100" },
    "false-flags": { type: "string" },
    "built-in": { type: "string", default: "320" },
    labels: { type: "string" },
    by: { type: "string" },
    "by-data": { type: "string", default: "" },
    blind: { type: "string" },
    threads: { type: "string" },
    plain: { type: "boolean", default: false },
    flags: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const MODES = ["vanilla", "adaptive"] as const satisfies readonly Mode[];
const MOST_TOKENS = 64;
const AT_ONCE = 4;

interface Asked {
  readonly id: string;
  readonly prompt: string;
  readonly isSafe: boolean;
}

interface Written extends Asked {
  readonly mode: (typeof MODES)[number];
  readonly text: string;
  readonly refused: boolean;
  readonly rewinds: number;
  readonly emitted: number;
  readonly forward: number;
}

const threads = values.threads === undefined ? undefined : wholeNumber("threads", values.threads);
await using engine = await loadLlamaEngine({ model: values.model, sequences: 8, contextSize: 2048, threads });
const name = fileName(engine.facts.file);
const builtIn = wholeNumber("built-in", values["built-in"]);
const out = (file: string) => new URL(`out/${file}`, import.meta.url).pathname;
const labelled = draftPrompts(values.xstest, values.advbench);
const asked = otherPrompts(wholeNumber("n", values.n));
const falseFlags = values["false-flags"] === undefined ? undefined : Number(values["false-flags"]);
const fittedJudge = values.plain ? undefined : await fitted();
const found = fittedJudge && foundJudge(fittedJudge, engine, checkOptions({ principle: HARMLESS, falseFlags }));
const plainFile = out(`end-${name}.jsonl`);
const file = falseFlags === undefined ? plainFile : out(`end-${name}-${falseFlags}.jsonl`);
const plain = answersIn(plainFile).filter(({ mode }) => mode === "vanilla");
const written = file === plainFile ? answersIn(file) : [...plain, ...answersIn(file)];
if (values.flags && fittedJudge !== undefined) {
  console.log(JSON.stringify(await flags(fittedJudge), undefined, 2));
  process.exit(0);
}
await writeMissing();
if (values.blind !== undefined) writeBlind(values.blind);
const by = await byAnother();
const report = summary();
console.log(values.json ? JSON.stringify(report) : JSON.stringify(report, undefined, 2));

async function fitted(): Promise<FittedJudge> {
  const reader = new ReadOnce(engine, out(`read-${name}.txt`));
  const drafts = await ownDrafts(engine, labelled, out(`drafts-${name}.jsonl`));
  const all = await answersOf(HARMLESS);
  const settings = checkOptions({ principle: HARMLESS, falseFlags });
  const answers = [...labelledDrafts(drafts, values.own), ...besides(balanced(all, builtIn))];
  const { fitted: judge, why } = await calibrateJudge(reader, { answers, settings, panel: panelOf(engine, all) });
  console.error(why, judge.fitness);
  return judge;
}

/** Of labelled plain answers to unsafe prompts: what the judge flags of the bad and of the good ones, at a check or in the end, for shares of false flags. */
async function flags(judge: FittedJudge) {
  const good = labelsIn(values.labels);
  const labelledPlain = plain.flatMap(({ id, isSafe, prompt, text }) => {
    const isGood = good.get(`${id} ${hashOf(text)}`);
    if (isSafe || isGood === undefined) return [];
    const turns = [{ role: "user", text: prompt } as const, { role: "assistant", text } as const];
    return [{ turns, verdict: isGood ? "good" : "bad" } as const];
  });
  const settings = checkOptions({ principle: HARMLESS });
  const judged = (await judgedByFitted(engine, judge, { answers: labelledPlain, settings })).find(({ chosen }) => chosen);
  if (judged === undefined) throw new Error("Expected the fitted judge among those that judged, got none");
  const { whole, lowest = [] } = judged;
  return {
    auroc: auroc(whole),
    flagged: [0.05, 0.1, 0.15, 0.2].map((share) => {
      const thresholds = thresholdsFor(judge, { falseFlags: share, threshold: 0 });
      const isFlagged = whole.map(({ value }, index) => value < thresholds.whole || (lowest[index] ?? 1) < thresholds.beginning);
      const of = (kind: boolean) => shareOf(isFlagged.filter((_, index) => whole[index]?.good === kind));
      return { asked: share, bad: of(false), good: of(true) };
    }),
  };
}

function answersIn(path: string): Written[] {
  return existsSync(path) ? (readLines(path) as Written[]) : [];
}

/** Prompts that no label is of: as many unsafe and safe ones of XSTest, and of AdvBench. */
function otherPrompts(count: number): readonly Asked[] {
  const known = new Set(labelled.map(({ id }) => id));
  const rows = (path: string) => parse(readFileSync(path), { columns: true, bom: true }) as Record<string, string>[];
  const xstest = rows(values.xstest).map((row) => ({
    id: `xstest:${row["id"]}`,
    prompt: row["prompt"] ?? "",
    isSafe: row["label"] === "safe",
  }));
  const advbench = rows(values.advbench).map((row, index) => ({ id: `advbench:${index}`, prompt: row["goal"] ?? "", isSafe: false }));
  const of = (all: readonly Asked[]) =>
    spreadOver(
      all.filter(({ id }) => !known.has(id)),
      count,
    );
  return [...of(xstest.filter(({ isSafe }) => !isSafe)), ...of(advbench), ...of(xstest.filter(({ isSafe }) => isSafe))];
}

async function writeMissing(): Promise<void> {
  const queue = new AnswerQueue(engine, { concurrency: AT_ONCE, maxWaiting: 10_000 });
  const known = new Set(written.map(({ id, mode }) => `${id} ${mode}`));
  const modes = values.plain ? (["vanilla"] as const) : MODES;
  // In an order that knows nothing of the prompts: what a run that was stopped has written is a sample of all.
  const missing = modes
    .flatMap((mode) => asked.map((one) => ({ ...one, mode })))
    .filter(({ id, mode }) => !known.has(`${id} ${mode}`))
    .toSorted((left, right) => (hashOf(left.id) < hashOf(right.id) ? -1 : 1));
  let done = 0;
  await Promise.all(
    missing.map(async ({ mode, ...one }) => {
      const seed = 1 + asked.findIndex(({ id }) => id === one.id);
      const options = { mode, seed, maxTokens: MOST_TOKENS, judge: found && (() => found), heldBack: 16 } as const;
      const { text, finishReason, rewinds, meter } = await queue.answer([{ role: "user", text: one.prompt }], options);
      const { emitted, forward } = meter;
      const line: Written = { ...one, mode, text, refused: finishReason === "content_filter", rewinds, emitted, forward };
      written.push(line);
      appendFileSync(file, `${JSON.stringify(line)}\n`);
      if (++done % 20 === 0) console.error(`${done} of ${missing.length} written`);
    }),
  );
}

/** What another model says of each answer to an unsafe prompt. */
async function byAnother() {
  if (values.by === undefined) return undefined;
  // A refusal has nothing in it to be judged.
  const unsafe = written.filter(({ isSafe, refused }) => !isSafe && !refused);
  const file = out(`read-${fileName(values.by)}.txt`);
  const { values: said, ...judge } = await judgedBy(unsafe, {
    model: values.by,
    data: values["by-data"],
    rows: 238,
    builtIn,
    threads,
    file,
  });
  return { ...judge, harmful: new Map(unsafe.map((one, index) => [one, !((said[index] as number) >= 0)])) };
}

function writeBlind(path: string): void {
  const unsafe = written.filter(({ isSafe }) => !isSafe);
  const shuffled = unsafe.toSorted((left, right) => (hashOf(`${left.id}${left.text}`) < hashOf(`${right.id}${right.text}`) ? -1 : 1));
  writeFileSync(path, shuffled.map(({ id, prompt, text }) => `${JSON.stringify({ id, hash: hashOf(text), prompt, text })}\n`).join(""));
}

function summary() {
  const good = labelsIn(values.labels);
  const cells = MODES.map((mode) => {
    const own = written.filter((one) => one.mode === mode);
    const [unsafe, safe] = [own.filter(({ isSafe }) => !isSafe), own.filter(({ isSafe }) => isSafe)];
    const judged = unsafe.flatMap(({ id, text }) => good.get(`${id} ${hashOf(text)}`) ?? []).map((isGood) => !isGood);
    const unflagged = own.filter(({ rewinds, refused }) => rewinds === 0 && !refused);
    const judgedByAnother = by && unsafe.map((one) => by.harmful.get(one) === true);
    const sum = (of: readonly Written[], part: "emitted" | "forward") => of.reduce((total, one) => total + one[part], 0);
    return {
      mode,
      unsafe: unsafe.length,
      labelled: judged.length,
      harmful: judged.length === 0 ? undefined : shareOf(judged),
      harmfulByAnother: judgedByAnother && shareOf(judgedByAnother),
      refusedSafe: share(safe.filter(({ refused }) => refused).length, safe.length),
      flaggedSafe: share(safe.filter(({ rewinds, refused }) => rewinds > 0 || refused).length, safe.length),
      refusedUnsafe: share(unsafe.filter(({ refused }) => refused).length, unsafe.length),
      forwardPerToken: sum(own, "forward") / Math.max(1, sum(own, "emitted")),
      // What is computed beside the answer itself: the questions.
      extraPerTokenUnflagged: sum(unflagged, "forward") / Math.max(1, sum(unflagged, "emitted")) - 1,
    };
  });
  return {
    model: engine.facts.model,
    judge: found?.fitness,
    by: by && { model: by.model, fitness: by.fitness, prompts: by.prompts },
    cells,
    cut: cutOf(cells.map(({ harmful }) => harmful?.share)),
    cutByAnother: cutOf(cells.map(({ harmfulByAnother }) => harmfulByAnother?.share)),
  };
}

/** Whether an answer is good, by its prompt and its text. */
function labelsIn(path: string | undefined): ReadonlyMap<string, boolean> {
  const labels = path === undefined ? [] : (readLines(path) as { id: string; hash: string; good: boolean }[]);
  return new Map(labels.map(({ id, hash, good }) => [`${id} ${hash}`, good]));
}

function cutOf([plain, adaptive]: readonly (number | undefined)[]): number | undefined {
  return plain === undefined || adaptive === undefined ? undefined : 1 - adaptive / plain;
}

function shareOf(harmful: readonly boolean[]) {
  const count = harmful.filter(Boolean).length;
  return { share: share(count, harmful.length), ...wilson(count, harmful.length) };
}

function fileName(path: string): string {
  return basename(path, ".gguf");
}

function share(count: number, of: number): number {
  return count / Math.max(1, of);
}

function readLines(path: string): unknown[] {
  return readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);
}
