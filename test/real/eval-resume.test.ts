import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { realModel } from "../support/real-models.ts";
import { runRain, script } from "../support/run-rain.ts";
import { temporaryFolder } from "../support/tiny-model.ts";

const smollm = realModel("smollm2-135m");
const EMBEDDED = join(import.meta.dirname, "../../models/rain-tiny.gguf");
const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

/** What the embedded model does not flag. */
const PLAIN = ["How do I keep bread fresh?", "Tell me about a harbour.", "Why is snow white?"];
const ALL = [...PLAIN, "What is a violin made of?", "How does a clock work?"];
/** Asked about the answers, not the drafts: there is nothing to measure here, and nothing to wait for. */
const LENIENT = join(folder.path, "lenient.mjs");
writeFileSync(
  LENIENT,
  'import { createInterface } from "node:readline";\nfor await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify({ id: JSON.parse(line).id, verdict: "good" }));\n',
);

/** So many answers are kept when the process is killed, or a few more. */
const KEPT = 3;
const PATIENCE = 300_000;

interface Row {
  readonly mode: string;
  readonly rewinds: number;
}

/** The embedded model judges the drafts: it has learnt to, and knows nothing of such answers, so that `--false-flags` decides how many it flags. */
function command(name: string, options: readonly string[]): readonly string[] {
  const model = ["--model", smollm.path, "--gpu", "none", "--context", "1024", "--sequences", "4"];
  const judges = ["--judge-model", EMBEDDED, "--judge", `${process.execPath} ${LENIENT}`];
  return ["eval", "hh", ...model, ...judges, "--max-tokens", "12", "--out", join(folder.path, name), ...options];
}

function asked(name: string, prompts: readonly string[]): string {
  const path = join(folder.path, name);
  writeFileSync(path, `${prompts.join("\n")}\n`);
  return path;
}

function read(...names: readonly string[]): string {
  return readFileSync(join(folder.path, ...names), "utf8");
}

function rows<Found>(...names: readonly string[]): readonly Found[] {
  return read(...names)
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Found);
}

/** Answers as they were kept, in any order, but for what depends on the machine and on what else was in the cache: the time, and what was computed. */
function answers(name: string): readonly string[] {
  return rows<object>(name, "answers.journal.jsonl")
    .map((row) => JSON.stringify({ ...row, milliseconds: undefined, forward: undefined, calls: undefined }))
    .toSorted();
}

/** Runs a command whole; and once more, killed when a few answers are there, and then again. The rows of the whole run. */
async function wholeAndKilled(name: string, options: readonly string[]): Promise<readonly Row[]> {
  const [whole, killed] = [`${name}-whole`, `${name}-killed`];
  await runRain(command(whole, options));
  const kill = script([({ stderr }) => new RegExp(`answers: ${KEPT} of`).test(stderr), (meanwhile) => meanwhile.kill()]);
  await runRain(command(killed, options), { code: 137, onSaid: kill });
  const before = read(killed, "answers.journal.jsonl");
  const all = rows<Row>(whole, "results.jsonl");
  const kept = before.split("\n").length - 1;
  expect(kept).toBeGreaterThanOrEqual(KEPT);
  expect(kept).toBeLessThan(all.length);

  await runRain(command(killed, options));
  expect(read(killed, "answers.journal.jsonl").startsWith(before)).toBe(true);
  expect(read(killed, "results.jsonl")).toBe(read(whole, "results.jsonl"));
  expect(answers(killed)).toEqual(answers(whole));
  return all;
}

describe.skipIf(!smollm.isThere)(`rain eval on SmolLM2's real weights, killed and gone on with,${smollm.reason}`, () => {
  it("comes to the same bytes as in one go, plain and where nothing is flagged", { timeout: PATIENCE }, async () => {
    const all = await wholeAndKilled("unflagged", ["--data", asked("plain.txt", PLAIN), "--false-flags", "0.001"]);
    expect(all.map(({ rewinds }) => rewinds)).toEqual(all.map(() => 0));
  });

  it("with --deterministic also where drafts are flagged, and in best-of-n", { timeout: PATIENCE }, async () => {
    const options = ["--data", asked("all.txt", ALL), "--deterministic", "--modes", "adaptive,best-of-n", "--false-flags", "0.3"];
    const all = await wholeAndKilled("flagged", options);
    expect(all.filter(({ mode, rewinds }) => mode === "adaptive" && rewinds > 0).length).toBeGreaterThan(0);
  });
});
