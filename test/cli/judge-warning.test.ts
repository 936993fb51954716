import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULTS } from "rain-align";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { type Calling, callRain } from "../support/call-rain.ts";
import { hopelessPrinciple } from "../support/labelled-world.ts";
import { type Running, runRain, type Said, script } from "../support/run-rain.ts";
import { temporaryFolder, writeTinyModel } from "../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

/** Never trained, and so a judge like a coin. */
const MODEL = ["--model", writeTinyModel(join(folder.path, "untrained.gguf"), { contextSize: 2048 })];
const UNFIT = [...MODEL, "--principle", principleOf(24), "--max-tokens", "6"];
const WARNING =
  /^Warning: tiny random model is no fit judge of its own answers by "kind" \(read behind .*AUROC 0\.\d\d .* on 24 labelled answers.*$/gm;

/** A folder of its own for each test: judges are kept there. */
let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(folder.path, "cache-"));
});

function call(parameters: readonly string[], calling: Calling = {}): Promise<Said> {
  return callRain(parameters, { ...calling, environment: { XDG_CACHE_HOME: cache } });
}

/** In a process of its own. */
function run(parameters: readonly string[], running: Running): Promise<Said> {
  return runRain(parameters, { ...running, environment: { XDG_CACHE_HOME: cache } });
}

function kept(): string[] {
  return readdirSync(cache, { recursive: true, encoding: "utf8" }).filter((name) => name.includes("."));
}

function principleOf(examples: number): string {
  const path = join(folder.path, `kind-${examples}.json`);
  writeFileSync(path, JSON.stringify(hopelessPrinciple(examples)));
  return path;
}

describe("rain ask", () => {
  it("tells that it learns to judge, how far it is, and warns once of a judge that is unfit, before the answer's account", async () => {
    const { stdout, stderr } = await call(["ask", "Hello", ...UNFIT]);
    expect(stderr).toMatch(/^Reading 24 labelled answers with tiny random model, [^\n]*\n(Reading labelled answers: \d+ %\n)+Warning: /);
    expect(stderr.match(WARNING)).toHaveLength(1);
    expect(stderr).toMatch(
      /Until then answers are written unjudged\.\n0 rewinds, 0 evaluations, [^\n]*; unjudged \(read behind [^\n]*unfit, AUROC/,
    );
    expect(stdout).not.toContain("Warning");
  });

  it("learns once, and remembers it for the next run; standard output is one object with --json, which says that nobody judged", async () => {
    await call(["ask", "Hello", ...UNFIT, "--quiet"]);
    expect(kept()).toHaveLength(1);
    const { stdout, stderr } = await call(["ask", "Hello", ...UNFIT, "--json"]);
    expect(stderr.indexOf("Warning")).toBe(0);
    expect(stderr.match(WARNING)).toHaveLength(1);
    const judge = { name: expect.stringContaining("read behind"), n: 24, isFit: false };
    expect(JSON.parse(stdout)).toMatchObject({ model: "tiny random model", value: null, judge });
  });

  it("has nothing to say against the model that comes with it, and has nothing to learn of it", async () => {
    expect((await call(["ask", "Hello", "--max-tokens", "6"])).stderr).toMatch(/^\d+ rewinds?,[^\n]*\n(The answer ends[^\n]*\n)?$/);
    expect(kept()).toEqual([]);
  });

  it("learns without a word where it is to be quiet", async () => {
    const { stderr } = await call(["ask", "Hello", ...UNFIT, "--quiet"]);
    expect(stderr).toBe("");
    expect(kept()).toHaveLength(1);
  });

  it.each([
    ["--mode", "vanilla"],
    ["--judging", "in-place"],
  ])("learns nothing where nobody judges, or by letters: %s %s", async (...flags) => {
    const { stderr } = await call(["ask", "Hello", ...UNFIT, ...flags]);
    expect(stderr).not.toContain("Warning");
    expect(kept()).toEqual([]);
  });

  it("refuses, or fails with the same words, where that is asked for", async () => {
    const refused = await call(["ask", "Hello", ...UNFIT, "--on-unfit", "refuse"]);
    expect(refused.stdout).toBe(`${DEFAULTS.refusal}\n`);
    expect(refused.stderr).toMatch(/Until then every answer is a refusal\./);
    const failed = await call(["ask", "Hello", ...UNFIT, "--on-unfit", "error"], { code: 1 });
    expect(failed.stderr).toMatch(/^rain: tiny random model is no fit judge of its own answers by "kind" [^\n]*\n$/);
    expect(failed.stdout).toBe("");
  });

  it("fails as itself when the model computes no numbers, and keeps nothing", async () => {
    const broken = writeTinyModel(join(folder.path, "nan.gguf"), { contextSize: 2048, outputWeight: Number.NaN });
    const { stderr } = await call(["ask", "Hello", "--model", broken, "--quiet"], { code: 1 });
    expect(stderr).toMatch(/^rain: Expected the model to give numbers as logits, got [^\n]*\n$/);
    expect(kept()).toEqual([]);
  });
});

describe("rain chat", () => {
  it("warns once, before the first of several answers", async () => {
    const { stdout, stderr } = await call(["chat", ...UNFIT], { input: "Hello\nHello\nHello\n" });
    expect(stderr.match(WARNING)).toHaveLength(1);
    expect(stdout.trimEnd().split("\n").length).toBeGreaterThanOrEqual(3);
  });
});

it.each([
  ["ask", ["ask", "Hello"]],
  ["chat", ["chat"]],
])("Ctrl-C while a model learns to judge keeps nothing: %s ends with 130", async (_, command) => {
  // So many that the signal comes long before the last of them.
  const parameters = [...command, ...MODEL, "--principle", principleOf(200)];
  const { stdout, stderr } = await run(parameters, {
    code: 130,
    onSaid: script([({ stderr: said }) => said.includes("10 %"), ({ interrupt }) => interrupt()]),
  });
  expect({ stdout, kept: kept() }).toEqual({ stdout: "", kept: [] });
  expect(stderr).toMatch(/^Reading 200 [^\n]*\n(Reading [^\n]*\n)+rain: Stopped by Ctrl-C\n$/);
});
