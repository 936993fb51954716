import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodingOf, missingCells } from "../../bench/quality-cells.ts";
import { QUALITY_RESULTS, type QualityResults } from "../../bench/quality-results.ts";
import { readResults } from "../../bench/results-file.ts";
import { type Outcome, runProgram } from "../support/run-module.ts";
import { temporaryFolder } from "../support/tiny-model.ts";

const CONDITIONS = { n: 2, seed: 1, judgeExamples: 0 };

function cell(forward: number, conditions: Partial<typeof CONDITIONS> = {}) {
  return { ...CONDITIONS, ...conditions, rate: 1, low: 0, high: 1, fpe: 1, forward };
}

describe("what is to be measured", () => {
  it("is all that was asked for, in its order, and what the cost of that depends on", () => {
    expect(missingCells(["best-of-equal", "vanilla"], {}, CONDITIONS)).toEqual(["vanilla", "best-of-8", "paper", "best-of-equal"]);
  });

  it("leaves out what is known under the same conditions, and what only that depends on", () => {
    const known = { vanilla: cell(1), "best-of-equal": cell(1) };
    expect(missingCells(["best-of-equal", "vanilla", "adaptive"], known, CONDITIONS)).toEqual(["adaptive"]);
  });

  it.each([{ n: 3 }, { seed: 2 }, { judgeExamples: 10 }])("is measured again when %o was otherwise", (other) => {
    expect(missingCells(["vanilla"], { vanilla: cell(1, other) }, CONDITIONS)).toEqual(["vanilla"]);
  });
});

describe("best-of-n at equal cost", () => {
  const known = { "best-of-8": cell(80), paper: cell(91), adaptive: cell(3) };

  it("draws the fewest drafts that compute at least as much, one at least", () => {
    expect(decodingOf("best-of-equal", known)).toEqual({ mode: "best-of-n", bestOf: 10 });
    expect(decodingOf("best-of-equal-adaptive", known)).toEqual({ mode: "best-of-n", bestOf: 1 });
  });

  it("is refused while that cost is not known", () => {
    expect(() => decodingOf("best-of-equal", { "best-of-8": cell(80) })).toThrow(/Expected paper and best-of-8 to be measured/);
  });
});

describe("bench:quality --out", () => {
  const folder = temporaryFolder();
  const out = join(folder.path, "quality.json");
  const read = (): QualityResults => QUALITY_RESULTS.parse(JSON.parse(readFileSync(out, "utf8")));
  let second: Outcome;
  beforeAll(async () => {
    expect(await quality("--mode", "vanilla")).toMatchObject({ code: 0 });
    // A mark that a second measurement would not make again.
    const marked = read();
    const { vanilla } = marked.tasks.harmless ?? {};
    writeFileSync(out, JSON.stringify({ ...marked, tasks: { harmless: { vanilla: { ...vanilla, rate: 0.123 } } } }));
    second = await quality("--mode", "vanilla", "--mode", "adaptive");
  });
  afterAll(() => folder[Symbol.dispose]());

  it("keeps what the file has, and adds what it lacks", () => {
    expect(second.code).toBe(0);
    expect(read().tasks.harmless).toMatchObject({ vanilla: { rate: 0.123 }, adaptive: { n: 2, seed: 1 } });
  });

  it("prints what the file holds", () => {
    expect(JSON.parse(second.stdout)).toEqual(read());
  });

  it("refuses a file of results of another model, and leaves it as it is", async () => {
    const before = JSON.stringify({ model: "another", n: 2, tasks: {} });
    writeFileSync(out, before);
    const { code, stderr } = await quality("--mode", "vanilla");
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/Expected `--out` to be a file of results of rain-tiny, got one of another/);
    expect(readFileSync(out, "utf8")).toBe(before);
  });

  it("refuses a file of something else", () => {
    writeFileSync(out, JSON.stringify({ rows: [] }));
    expect(() => readResults(out, QUALITY_RESULTS)).toThrow(/to hold results of this benchmark/);
  });

  function quality(...parameters: readonly string[]): Promise<Outcome> {
    const small = ["--task", "harmless", "--n", "2", "--judge-examples", "0"];
    return runBench("quality", "--json", "--out", out, ...small, ...parameters);
  }
});

function runBench(name: string, ...parameters: readonly string[]): Promise<Outcome> {
  return runProgram(process.execPath, ["--conditions=rain-source", "--import", "tsx", `bench/${name}.ts`, ...parameters]);
}
