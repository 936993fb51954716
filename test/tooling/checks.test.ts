import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT, runProgram, runTool } from "../support/run-module.ts";

describe("the whole tree", () => {
  it("is formatted and has nothing for the linter to complain about", async () => {
    expect(await runTool("biome", ["check", "--error-on-warnings", "--max-diagnostics=40", "."])).toBe("");
  });

  it("has no type errors", async () => {
    expect(await runTool("tsc", ["-p", "tsconfig.json"])).toBe("");
  });

  it("has every type test in the configuration that checks them: one that is left out is green whatever it says", async () => {
    const { stdout } = await runProgram(join(ROOT, "node_modules/.bin/tsc"), ["-p", "tsconfig.type-tests.json", "--listFilesOnly"]);
    const tests = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".test-d.ts"));
    expect(tests).not.toEqual([]);
    for (const test of tests) expect(stdout).toContain(test);
  });

  it("has no unused file, export or dependency", async () => {
    expect(await runTool("knip", [])).toBe("");
  });
});

describe("the packed package", () => {
  const directory = mkdtempSync(join(tmpdir(), "rain-pack-"));
  let tarball: string;

  beforeAll(async () => {
    expect(await runTool("npm", ["pack", "--silent", "--ignore-scripts", `--pack-destination=${directory}`])).toBe("");
    tarball = join(directory, readdirSync(directory)[0] ?? "");
  });

  afterAll(() => rmSync(directory, { recursive: true }));

  it("says the truth about its entry points", async () => {
    expect(await runTool("publint", ["run", tarball, "--strict"])).toBe("");
  });

  it("gives every way of importing it the right types", async () => {
    expect(await runTool("attw", [tarball, "--profile", "esm-only"])).toBe("");
  });
});
