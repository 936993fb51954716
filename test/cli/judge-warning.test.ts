import { mkdtempSync, readdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { type Calling, callRain } from "../support/call-rain.ts";
import { type Running, runRain, type Said, script } from "../support/run-rain.ts";
import { temporaryFolder, writeTinyModel } from "../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

/** Never trained, and so a judge like a coin. */
const untrained = writeTinyModel(join(folder.path, "untrained.gguf"), { contextSize: 2048 });
const QUICK = ["--max-tokens", "6"];
const WARNING =
  /^Warning: tiny random model is no fit judge of its own answers by "harmless": \d+ % right on 24 answers, .*`rain doctor`.*$/gm;

/** A folder of its own for each test: what is found out is kept there. */
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

describe("rain ask", () => {
  it("warns once of a model that is no fit judge, before the account, on standard error", async () => {
    const { stdout, stderr } = await call(["ask", "Hello", "--model", untrained, ...QUICK]);
    expect(stderr.match(WARNING)).toHaveLength(1);
    expect(stderr.indexOf("Warning")).toBe(0);
    expect(stdout).not.toContain("Warning");
  });

  it("has nothing to say against the model that comes with it", async () => {
    expect((await call(["ask", "Hello", ...QUICK])).stderr).toMatch(/^\d+ rewinds?,[^\n]*\n(The answer ends[^\n]*\n)?$/);
  });

  it("keeps standard output one object with --json", async () => {
    const { stdout, stderr } = await call(["ask", "Hello", "--model", untrained, ...QUICK, "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ model: "tiny random model" });
    expect(stderr.match(WARNING)).toHaveLength(1);
  });

  it.each([["--quiet"], ["--mode", "vanilla"]])(
    "measures nothing where nobody would hear of it, or nobody judges: %s",
    async (...flags) => {
      const { stderr } = await call(["ask", "Hello", "--model", untrained, ...QUICK, ...flags]);
      expect(stderr).not.toContain("Warning");
      expect(kept()).toEqual([]);
    },
  );

  it("measures the judge that was asked for", async () => {
    // Its examples alone are longer than this.
    const short = writeTinyModel(join(folder.path, "short.gguf"), { contextSize: 512 });
    const parameters = ["ask", "Hello", ...QUICK, "--model", short];
    expect((await call(parameters)).stderr.match(WARNING)).toHaveLength(1);
    expect((await call([...parameters, "--judging", "preamble"], { code: 1 })).stderr).toMatch(
      /^Warning: tiny random model cannot judge its own answers by "harmless": Expected at most 511 tokens/,
    );
  });

  it("says first that a judge cannot be asked, and then how the answer fails", async () => {
    const narrow = writeTinyModel(join(folder.path, "narrow.gguf"), { contextSize: 64 });
    const { stderr } = await call(["ask", "Hello", "--model", narrow, "--mode", "paper"], { code: 1 });
    expect(stderr).toMatch(/^Warning: [^\n]*cannot judge[^\n]*\nrain: Expected at most 63 tokens of context, got \d+ [^\n]*\n$/);
  });

  it("fails as itself when the model computes no numbers", async () => {
    const broken = writeTinyModel(join(folder.path, "nan.gguf"), { contextSize: 2048, outputWeight: Number.NaN });
    const { stderr } = await call(["ask", "Hello", "--model", broken], { code: 1 });
    expect(stderr).toMatch(/^rain: Expected the model to give numbers as logits, got [^\n]*\n$/);
    expect(kept()).toEqual([]);
  });
});

describe("rain chat", () => {
  it("warns once, before the first of several answers", async () => {
    const { stdout, stderr } = await run(["chat", "--model", untrained, ...QUICK], { input: "Hello\nHello\nHello\n" });
    expect(stderr.match(WARNING)).toHaveLength(1);
    expect(stderr.indexOf("Warning")).toBe(0);
    expect(stdout.trimEnd().split("\n").length).toBeGreaterThanOrEqual(3);
  });
});

describe("What was found out about a judge", () => {
  it("is kept for the next run", async () => {
    const ask = ["ask", "Hello", "--model", untrained, ...QUICK];
    await call(ask);
    const [file, ...others] = kept();
    expect(others).toEqual([]);
    writeFileSync(join(cache, file as string), JSON.stringify({ verdict: "unfit", reason: "This was read" }));
    expect((await call(ask)).stderr).toContain("This was read");
  });

  it("is announced where finding out may take a while, and not the second time", async () => {
    const parameters = ["ask", "Hello", "--model", largeModel("large.gguf"), ...QUICK];
    expect((await call(parameters)).stderr).toMatch(/^Finding out how well tiny random model judges its own answers\. [^\n]*\nWarning/);
    expect((await call(parameters)).stderr).toMatch(/^Warning/);
  });

  it.each([
    ["ask", ["ask", "Hello"]],
    ["chat", ["chat"]],
  ])("is not kept when Ctrl-C stops the finding out: %s ends with 130", async (_, command) => {
    // So many that the signal comes long before the last of them.
    const examples = Array.from({ length: 4000 }, (__, index) => ({
      prompt: "Hello",
      answer: `No, ${index}.`,
      verdict: index % 2 === 0 ? "good" : "bad",
    }));
    const principle = join(folder.path, "kind.json");
    writeFileSync(principle, JSON.stringify({ name: "kind", question: "Is it kind?", good: "kind", bad: "unkind", examples }));
    const { stdout, stderr } = await run([...command, "--model", largeModel("interrupted.gguf"), "--principle", principle], {
      code: 130,
      onSaid: script([({ stderr: said }) => said.includes("Finding out"), ({ interrupt }) => interrupt()]),
    });
    expect({ stdout, kept: kept() }).toEqual({ stdout: "", kept: [] });
    expect(stderr).toMatch(/^Finding out [^\n]*\nrain: Stopped by Ctrl-C\n$/);
  });
});

/** Nothing follows the weights but a hole: the file only looks large. */
function largeModel(name: string): string {
  const path = writeTinyModel(join(folder.path, name), { contextSize: 2048 });
  truncateSync(path, 60e6);
  return path;
}
