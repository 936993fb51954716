import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");

describe("importing the package", () => {
  // Inside the package, so that its own name resolves.
  const cache = join(root, ".cache");
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(join(cache, "native-"));

  afterAll(() => rmSync(directory, { recursive: true }));

  /** Imports an entry point in a process of its own; gives the native libraries of llama.cpp that this process then holds. */
  function nativeLibrariesAfter(program: string): readonly string[] {
    const file = join(directory, "program.mjs");
    const report = 'process.report.getReport().sharedObjects.filter((path) => path.includes("node-llama-cpp"))';
    writeFileSync(file, `${program}\nprocess.stdout.write(JSON.stringify(${report}));\n`);
    const run = spawnSync(process.execPath, [file], { cwd: root, encoding: "utf8" });
    expect(run.stderr).toBe("");
    return JSON.parse(run.stdout) as string[];
  }

  it.each([
    "rain-align",
    "rain-align/llama",
    "rain-align/remote",
    "rain-align/langchain",
    "rain-align/middleware",
    "rain-align/server",
    "rain-align/ai",
    "rain-align/discord",
  ])("loads no native code: %s", (entry) => {
    expect(nativeLibrariesAfter(`await import("${entry}");`)).toEqual([]);
  });

  it("is seen to load native code once an engine is asked for", () => {
    const program = 'import { getLlama } from "node-llama-cpp";\nawait getLlama({ gpu: false, build: "never" });';
    expect(nativeLibrariesAfter(program)).not.toEqual([]);
  });
});
