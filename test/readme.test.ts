import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ROOT, runModule, runProgram, runTool } from "./support/run-module.ts";

const readme = readFileSync(join(ROOT, "README.md"), "utf8");

/** The fenced blocks of one language. */
function blocks(language: string): string[] {
  return [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter(([, name]) => name === language).map(([, , text = ""]) => text);
}

describe("the code in README.md", () => {
  // Inside the package, so that its own name resolves.
  const cache = join(ROOT, ".cache");
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(join(cache, "readme-"));
  const files = blocks("ts").map((code, index) => {
    const path = join(directory, `block-${index + 1}.ts`);
    writeFileSync(path, code);
    return path;
  });

  afterAll(() => rmSync(directory, { recursive: true }));

  it("is there", () => {
    expect(files).not.toEqual([]);
  });

  it("has no type errors, with the types that are published", async () => {
    const settings = { extends: "../../tsconfig.json", compilerOptions: { customConditions: [] }, include: ["*.ts"] };
    writeFileSync(join(directory, "tsconfig.json"), JSON.stringify(settings));
    expect(await runTool("tsc", ["-p", directory])).toBe("");
  });

  it.each(files)("runs: %s", async (file) => {
    const { code, stdout, stderr } = await runModule(file);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).not.toBe("");
  });
});

describe("the commands in README.md", () => {
  const installing = /^npm ci && /;
  const lines = blocks("sh").flatMap((block) => block.trim().split("\n"));
  const commands = lines.map((line) => line.replace(installing, "")).filter((line) => line !== "npm test");

  it("are there, and the tests are one of them", () => {
    expect(lines).toContain("npm ci && npm test");
    expect(commands).not.toEqual([]);
  });

  it.each(commands)("run: %s", async (command) => {
    const { code, stdout } = await runProgram("bash", ["-c", command]);
    expect(code).toBe(0);
    expect(stdout).not.toBe("");
  });
});
