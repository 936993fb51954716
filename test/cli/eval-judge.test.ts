import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { callRain } from "../support/call-rain.ts";
import { hopelessPrinciple, jsonLines, worldRows } from "../support/labelled-world.ts";
import type { Said } from "../support/run-rain.ts";
import { temporaryFolder, writeTinyModel } from "../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

function file(name: string, content: string): string {
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return path;
}

const WORLD = file("world.jsonl", jsonLines(worldRows(40)));

function call(parameters: readonly string[], code = 0): Promise<Said> {
  return callRain(["eval", "judge", ...parameters], { code, environment: { XDG_CACHE_HOME: join(folder.path, "cache") } });
}

const share = z.number().min(0).max(1);
const resultShape = z.looseObject({
  model: z.string(),
  principle: z.literal("harmless"),
  n: z.int(),
  fittedOn: z.string(),
  judges: z.array(
    z.looseObject({
      name: z.string(),
      chosen: z.boolean(),
      auroc: share,
      low: share,
      high: share,
      balancedAccuracy: share,
      ece: share,
      tokensPerVerdict: z.number().min(0),
      prAuc: share,
      f1: share,
      kinds: z.array(z.looseObject({ kind: z.string(), good: z.int(), bad: z.int() })),
    }),
  ),
});

describe("rain eval judge", () => {
  let said: Said;
  const out = join(folder.path, "out");
  beforeAll(async () => {
    said = await call(["--data", WORLD, "--out", out, "--json"]);
  });

  it("measures the judge that is kept, as it is: behind the answer, behind its question, both, and in use; and those that are asked by letters", () => {
    const { model, n, judges } = resultShape.parse(JSON.parse(said.stdout));
    expect({ model, n }).toEqual({ model: "embedded", n: 40 });
    const [watch, question, both, chosen, ...lettered] = judges;
    expect(watch?.name).toBe("behind the answer, unasked");
    expect(both?.name).toBe(`both: behind the answer and ${question?.name}`);
    expect(chosen?.name).toBe(`chosen: behind the answer, in doubt ${question?.name}`);
    expect(lettered.map(({ name }) => name)).toEqual([
      "asked by Yes, No and letters",
      "asked by letters in place",
      "asked by letters behind examples, as in the paper",
    ]);
    expect(judges.filter((judge) => judge.chosen)).toEqual([chosen]);
    // The small world is what this model knows.
    expect(chosen?.auroc).toBeGreaterThan(0.95);
    expect(chosen?.kinds).toMatchObject([
      { kind: expect.any(String), good: expect.any(Number) },
      { kind: expect.any(String), bad: expect.any(Number) },
    ]);
    expect(Object.keys(JSON.parse(said.stdout)).slice(0, 3)).toEqual(["model", "principle", "n"]);
  });

  it("writes a page with curves, a table of numbers, and the same as JSON", () => {
    const page = readFileSync(join(out, "judges.html"), "utf8");
    expect(page).toMatch(/^<!doctype html>.*<title>What each threshold does\..*<title>How often answers are good that are said to be\./s);
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
    const [head = "", ...lines] = readFileSync(join(out, "judges.csv"), "utf8").trimEnd().split("\n");
    expect(head).toMatch(/^model,principle,data,fitted_on,judge,chosen,n,auroc,auroc_low,auroc_high,/);
    expect(lines).toHaveLength(7);
    expect(JSON.parse(readFileSync(join(out, "judges.json"), "utf8"))).toEqual([JSON.parse(said.stdout)]);
  });

  it("fits on the data itself where it is told to, measures that by cross-validation, and says all in tables", async () => {
    const { stdout, stderr } = await call(["--data", WORLD, "--fit-on-data", "--most", "24", "--quiet"]);
    expect(stderr).toBe("");
    expect(stdout).toContain("# embedded as a judge by harmless");
    expect(stdout).toContain("> Only 24 answers: look at the intervals before the figures.");
    expect(stdout).toContain("- labelled answers: 24, 12 good and 12 bad, to");
    expect(stdout).toContain("- fitted on: these answers, by cross-validation over prompts");
    expect(stdout).toMatch(/^\| chosen: behind the answer.*\| \d\.\d\d \(\d\.\d\d-\d\.\d\d\) \|/m);
    expect(stdout).toMatch(/^\| plan +\| 0 +\| - +\| 12 +\| \d+\.\d %/m);
  });

  it("takes several models, one after the other", async () => {
    const other = writeTinyModel(join(folder.path, "other.gguf"), { contextSize: 1024 });
    const principle = file("kind.json", JSON.stringify(hopelessPrinciple(4)));
    const models = ["--model", "embedded", "--model", other];
    const { stdout } = await call([...models, "--principle", principle, "--data", WORLD, "--most", "8", "--json", "--quiet"]);
    const results = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { model: string; fittedOn: string; judges: readonly { chosen: boolean; name: string }[] });
    expect(results.map(({ model }) => model)).toEqual(["embedded", "other.gguf"]);
    // Where there are too few labelled answers to fit a judge on, the model is asked.
    for (const { judges, fittedOn } of results) {
      expect(fittedOn).toBe("nothing: too few labelled answers");
      expect(judges.filter(({ chosen }) => chosen).map(({ name }) => name)).toEqual(["asked by Yes, No and letters"]);
    }
  });

  it("warns where the kept judge was fitted on a file of the same name", async () => {
    const environment = { XDG_CACHE_HOME: mkdtempSync(join(folder.path, "seen-")) };
    await callRain(["calibrate", "--only-data", "--data", WORLD, "--places", "options", "--quiet"], { environment });
    const { stdout } = await callRain(["eval", "judge", "--data", WORLD, "--most", "12", "--quiet"], { environment });
    expect(stdout).toContain("was fitted on a file of this name");
  });

  it.each<readonly [what: string, parameters: readonly string[], complaint: string]>([
    ["no data", [], "Expected `--data` to name a file of labelled answers, got none"],
    ["no file", ["--data", "/no/such.jsonl"], "Expected to read `/no/such.jsonl`"],
    ["too few answers", ["--data", WORLD, "--most", "4"], "Expected `--most` to be an integer of at least 8, got `4`"],
    ["too few to fit on", ["--data", WORLD, "--most", "12", "--fit-on-data"], "Expected at least 20 labelled answers"],
    [
      "one model twice",
      ["--data", WORLD, "--model", "a/m.gguf", "--model", "b/m.gguf"],
      "Expected models of different names, got `m.gguf` twice",
    ],
    ["an unknown option", ["--data", WORLD, "--judge", "self"], "unknown option '--judge'"],
  ])("refuses %s in one line, before a model is loaded", async (_, parameters, complaint) => {
    const { stdout, stderr } = await call(parameters, 2);
    expect({ stdout, stderr }).toEqual({ stdout: "", stderr: expect.stringMatching(/^rain: [^\n]+\n$/) });
    expect(stderr).toContain(complaint);
  });
});
