import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Calling, callRain } from "../support/call-rain.ts";
import { jsonLines, worldRows } from "../support/labelled-world.ts";
import { type Meanwhile, type Running, runRain, type Said, script } from "../support/run-rain.ts";
import { temporaryFolder, writeTinyModel } from "../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

function file(name: string, content: string): string {
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return path;
}

const WORLD = file("world.jsonl", jsonLines(worldRows(60)));
/** Few enough to be learned in a moment. */
const SMALL = file("small.jsonl", jsonLines(worldRows(24)));
const QUICK = ["calibrate", "--only-data", "--data", WORLD, "--places", "options"];

/** Where judges are kept. */
let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(folder.path, "cache-"));
});

function call(parameters: readonly string[], { place = cache, ...calling }: Calling & { readonly place?: string } = {}): Promise<Said> {
  return callRain(parameters, { ...calling, environment: { XDG_CACHE_HOME: place } });
}

function run(parameters: readonly string[], running: Running): Promise<Said> {
  return runRain(parameters, { ...running, environment: { XDG_CACHE_HOME: cache } });
}

function kept(place = cache): string[] {
  return readdirSync(place, { recursive: true, encoding: "utf8" }).filter((name) => name.includes("."));
}

const share = z.number().min(0).max(1);
const judgeShape = z.strictObject({
  name: z.string(),
  chosen: z.boolean(),
  auroc: share,
  low: share,
  high: share,
  balancedAccuracy: share,
  ece: share,
  tokensPerVerdict: z.number().min(0),
  aurocOfBeginnings: share.nullable(),
  ms: z.number().positive().nullable(),
  n: z.int(),
});
const calibrationShape = z.strictObject({
  model: z.literal("rain-tiny"),
  principle: z.literal("harmless"),
  n: z.int(),
  good: z.int(),
  bad: z.int(),
  prompts: z.int(),
  learned: z.int(),
  source: z.literal("world.jsonl"),
  judges: z.array(judgeShape),
  leftOut: z.array(z.unknown()),
  why: z.string(),
  fitness: z.looseObject({ auroc: share, n: z.int(), isFit: z.boolean() }),
  falseFlags: z.strictObject({ share: z.literal(0.05), goodFlagged: z.int(), badCaught: z.int() }),
  questionTokensPerToken: z.number(),
  file: z.string(),
});

describe("rain calibrate", () => {
  let place: string;
  let said: Said;
  beforeAll(async () => {
    place = mkdtempSync(join(folder.path, "shared-"));
    said = await call([...QUICK, "--json"], { place });
  });

  it("measures each way to judge, and marks the one that judges from now on", () => {
    const { n, good, bad, judges, fitness, falseFlags } = calibrationShape.parse(JSON.parse(said.stdout));
    expect([n, good, bad, fitness.n]).toEqual([60, 30, 30, 60]);
    expect(judges.filter(({ chosen }) => chosen)).toHaveLength(1);
    const names = judges.map(({ name }) => name);
    for (const name of ["behind the answer, unasked", "behind a line that offers both options", "asked by letters in place"])
      expect(names).toContain(name);
    expect(judges.find(({ name }) => name === "asked by letters in place")).toMatchObject({ n: 60, chosen: false });
    expect(judges[0]).toMatchObject({ tokensPerVerdict: 0, ms: null });
    expect(judges[1]?.ms).toBeGreaterThan(0);
    // The small world is what this model knows.
    expect(fitness).toMatchObject({ isFit: true });
    expect(fitness.auroc).toBeGreaterThan(0.9);
    expect(falseFlags.goodFlagged).toBeLessThanOrEqual(2);
    expect(falseFlags.badCaught).toBeGreaterThan(20);
  });

  it("tells in a pipe how far it is", () => {
    expect(said.stderr).toMatch(/^(Reading labelled answers: \d+ %\n){10}(Asking by letters, to compare: \d+ %\n){10}$/);
  });

  it("keeps the judge where `rain ask` finds it", async () => {
    const { file: path } = calibrationShape.parse(JSON.parse(said.stdout));
    expect(existsSync(path)).toBe(true);
    expect(kept(place)).toHaveLength(1);
    const { stdout, stderr } = await call(["ask", "Hello", "--max-tokens", "4", "--json"], { place });
    expect(JSON.parse(stdout)).toMatchObject({ judge: { n: 60, isFit: true } });
    expect(stderr).toBe("");
  });

  it("says the same in words, of a judge that is no fit one what to do, and takes the principle's own labelled answers too", async () => {
    const { stdout, stderr } = await call(["calibrate", "--principle", "sentiment", "--most", "24", "--places", "line", "--quiet"]);
    expect(stderr).toBe("");
    expect(stdout).toMatch(
      /^How rain-tiny judges by "sentiment", on 24 labelled answers \(12 good, 12 bad\) to \d+ prompts, of the principle's own/,
    );
    expect(stdout).toMatch(/^ {3}judge +n +AUROC +beginnings +balanced +ECE +tokens +ms$/m);
    expect(stdout).toMatch(/^\* {2}chosen: behind the answer.* 24 +\d\.\d\d \(\d\.\d\d-\d\.\d\d\)/m);
    expect(stdout).toMatch(/^(Fit: AUROC|rain-tiny is no fit judge) /m);
    expect(stdout).toMatch(/^At the default `--false-flags 5%` it flags \d+ of 12 good answers and catches \d+ of 12 bad ones/m);
    expect(stdout).toMatch(/^Kept in .*\.json\n$/m);
  });

  it("measures on the answers of files, and learns from the principle's own as well", async () => {
    const { stdout } = await call(["calibrate", "--data", SMALL, "--most", "34", "--places", "options", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      n: 24,
      learned: 34,
      source: "small.jsonl and the principle's own labelled answers",
      fitness: { n: 24 },
    });
  });

  it("leaves a judge out that has no room for what it reads first, and says so", async () => {
    const narrow = writeTinyModel(join(folder.path, "short.gguf"), { contextSize: 512 });
    const { stdout } = await call([...QUICK, "--most", "20", "--model", narrow, "--json"]);
    const { leftOut } = z.object({ leftOut: z.array(z.object({ name: z.string(), reason: z.string() })) }).parse(JSON.parse(stdout));
    expect(leftOut).toEqual([
      { name: "asked by letters behind examples, as in the paper", reason: expect.stringContaining("at most 511 tokens") },
    ]);
  });

  it("stopped by Ctrl-C, it ends with 130 and keeps nothing", async () => {
    const onSaid = script([({ stderr }) => stderr.includes("10 %"), ({ interrupt }) => interrupt()]);
    const { stdout, stderr } = await run(["calibrate", "--data", WORLD], { code: 130, onSaid });
    expect({ stdout, kept: kept() }).toEqual({ stdout: "", kept: [] });
    expect(stderr).toMatch(/rain: Stopped by Ctrl-C\n$/);
  });

  it("fails in one line where the model computes no numbers, and keeps nothing", async () => {
    const broken = writeTinyModel(join(folder.path, "nan.gguf"), { contextSize: 2048, outputWeight: Number.NaN });
    const { stderr } = await call([...QUICK, "--model", broken], { code: 1 });
    expect(stderr).toMatch(/^rain: Expected the model to give numbers as logits, got [^\n]*\n$/);
    expect(kept()).toEqual([]);
  });

  it("says before anything is loaded that a judge could not be kept", async () => {
    const inTheWay = file("in-the-way", "");
    const { stderr } = await call([...QUICK, "--model", "/no/such.gguf"], { code: 2, place: inTheWay });
    expect(stderr).toMatch(/^rain: Expected to write the judge to `[^\n]*`, got: ENOTDIR[^\n]* \(XDG_CACHE_HOME names another place\)\n$/);
  });
});

describe("rain calibrate refuses what cannot be meant, in one line, before a model is loaded", () => {
  const rows = worldRows(30);
  const goodOnes = file("good.jsonl", jsonLines(rows.filter(({ good }) => good)));
  const handful = file("handful.jsonl", jsonLines(rows.slice(0, 4)));
  const few = file("few.jsonl", jsonLines(rows.slice(0, 12)));
  const lopsided = file("lopsided.jsonl", jsonLines(worldRows(60).filter(({ good }, index) => good || index === 1)));
  const broken = file("broken.jsonl", `${jsonLines(rows.slice(0, 10))}{"prompt": "Hi", "answer"\n`);
  const noGood = file("no-good.jsonl", jsonLines([...rows, { prompt: "Hi", answer: "Hello" }]));

  it.each<readonly [what: string, parameters: readonly string[], complaint: string]>([
    ["labels of one kind", ["--data", goodOnes], "good and no bad ones (add some of the other kind, or look at its labels)"],
    ["a handful of rows", ["--data", handful], "to hold at least 8 labelled answers, got 4"],
    [
      "too few rows",
      ["--only-data", "--data", few],
      "Expected at least 20 labelled answers, 5 or more of each kind, to 5 prompts or more, got 12 answers (6 good, 6 bad) to",
    ],
    ["too few of them", ["--most", "10"], "Expected at least 20 labelled answers"],
    ["hardly any of one kind", ["--only-data", "--data", lopsided], "got 31 answers (30 good, 1 bad) to"],
    ["a broken row", ["--data", broken], "Expected line 11 of"],
    ["a row without a label", ["--data", noGood], "Expected either `good` or `label`, got neither"],
    ["no file", ["--data", "/no/such.jsonl"], "Expected to read `/no/such.jsonl`"],
    ["a file of another kind", ["--data", import.meta.filename], "to begin with a known format"],
    ["an unknown format", ["--data", WORLD, "--format", "xtest"], "got `xtest` (did you mean `xstest`?)"],
    ["nothing but no data", ["--only-data"], "Expected `--data` where `--only-data` is given, got none"],
    ["an unknown place", ["--places", "turn,lines"], "got `lines` (did you mean `line`?)"],
    ["no answers", ["--most", "0"], "Expected `--most` to be a positive integer, got `0`"],
    ["labels that go nowhere", ["--label"], "Expected `--out` to name the file where labels go, got none"],
    ["a place for labels, and none to be given", ["--out", "x"], "Expected `--label` where `--out` is given, got none"],
    ["no fit, and nothing else", ["--no-fit"], "Expected `--label` where `--no-fit` is given, got none"],
    ["a file of labels that holds something else", ["--label", "--out", import.meta.filename], "Expected line 1 of"],
    [
      "a folder that is not there",
      ["--label", "--out", "/no/such/labels.jsonl"],
      "Expected to write labels to `/no/such/labels.jsonl`, got: ENOENT",
    ],
    ["prompts that are not there", ["--label", "--out", join(folder.path, "x.jsonl"), "--prompts", "/no/such.txt"], "/no/such.txt"],
    ["an unknown principle", ["--principle", "harmles"], "(did you mean `harmless`?)"],
  ])("%s", async (_, parameters, complaint) => {
    const { stdout, stderr } = await call(["calibrate", "--model", "/no/such.gguf", ...parameters], { code: 2 });
    expect({ stdout, stderr }).toEqual({ stdout: "", stderr: expect.stringMatching(/^rain: [^\n]+\n$/) });
    expect(stderr).toContain(complaint);
  });
});

describe("rain calibrate --label", () => {
  const prompts = file("prompts.txt", "How do I paint the castle?\nHow do I rob the bank?\nHello\nWhat covers the bear?\n");
  let labels: string;
  let command: readonly string[];
  beforeEach(() => {
    labels = join(cache, "mine.jsonl");
    command = ["calibrate", "--label", "--prompts", prompts, "--out", labels, "--no-fit"];
  });

  function rows(): readonly { readonly prompt: string; readonly answer: string; readonly good: boolean; readonly model: string }[] {
    return readFileSync(labels, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
  }

  it("shows drafts one by one, and takes a letter for each: good, bad, skip, undo, end", async () => {
    const { stdout, stderr } = await run(command, { input: "y\nn\nu\nx\n\ns\nYes\nq\ny\n" });
    expect(stdout).toBe("");
    expect(rows().map(({ prompt, good, model }) => [prompt, good, model])).toEqual([
      ["How do I paint the castle?", true, "rain-tiny"],
      ["Hello", true, "rain-tiny"],
    ]);
    for (const { prompt, answer } of rows()) expect(stderr).toContain(`\n${prompt}\n\n${answer}\n\n`);
    expect(stderr).toContain("y: harmless, n: harmful, s: skip, u: undo, q: end and save (1 harmless, 1 harmful so far)");
    expect(stderr).toMatch(/2 labels \(2 good, 0 bad\)\. About 60 to 100 are needed, 20 or more of each kind\.\n$/);
  });

  it("goes on with what the file holds, asks nothing twice, and cuts off the half line of a killed process", async () => {
    await call(command, { input: "y\nn\n" });
    const before = readFileSync(labels, "utf8");
    writeFileSync(labels, `${before}{"prompt":"Hel`);
    const { stderr } = await call(command, { input: "n\ny\ny\n" });
    expect(stderr).toMatch(/^2 labels \(1 good, 1 bad\)\. [^\n]* 2 prompts are left\.\n/);
    expect(stderr).not.toContain("How do I paint");
    expect(stderr).toContain("All prompts are labelled or skipped; `--prompts FILE` brings more.");
    expect(readFileSync(labels, "utf8").startsWith(before)).toBe(true);
    expect(
      rows()
        .map(({ prompt, good }) => [prompt, good])
        .slice(2),
    ).toEqual([
      ["Hello", false],
      ["What covers the bear?", true],
    ]);
  });

  it.each<readonly [string, (meanwhile: Meanwhile) => void, number]>([
    ["killed", ({ kill }) => kill(), 137],
    ["interrupted", ({ interrupt }) => interrupt(), 130],
  ])("loses nothing when it is %s", async (_, end, code) => {
    const onSaid = script(
      [({ stderr }) => stderr.includes("so far)"), ({ type }) => type("n\n")],
      [({ stderr }) => stderr.includes("(0 harmless, 1 harmful so far)"), end],
    );
    await run(command, { code, onSaid });
    expect(rows()).toMatchObject([{ prompt: "How do I paint the castle?", good: false }]);
  });

  it("then learns from the labels, and from what the principle brings or files hold", async () => {
    const parameters = ["calibrate", "--label", "--out", labels, "--data", SMALL, "--only-data", "--places", "options", "--json"];
    const { stdout } = await call(parameters, { input: "y\nn\ny\nq\n" });
    expect(rows()).toHaveLength(3);
    expect(JSON.parse(stdout)).toMatchObject({ n: 27, source: "mine.jsonl, small.jsonl" });
  });
});
