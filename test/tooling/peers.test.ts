import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT, runProgram } from "../support/run-module.ts";

describe("rain-align/langchain, where it was installed as a package,", () => {
  const project = mkdtempSync(join(tmpdir(), "rain-peers-"));
  const modules = join(project, "node_modules");
  const installed = join(modules, "rain-align");

  beforeAll(() => {
    mkdirSync(installed, { recursive: true });
    for (const part of ["package.json", "dist", "models"]) cpSync(join(ROOT, part), join(installed, part), { recursive: true });
    for (const dependency of ["node-llama-cpp", "@huggingface", "zod", "yaml", "commander"]) link(dependency);
  });
  afterAll(() => rmSync(project, { recursive: true }));

  function link(name: string): void {
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  }

  /** What a program in this project says, and on which stream. */
  async function says(file: string, program: string): Promise<string> {
    writeFileSync(join(project, file), program);
    const { stdout, stderr } = await runProgram(process.execPath, [join(project, file)]);
    return stdout + stderr;
  }

  const TRY = 'import("rain-align/langchain").then(({ ChatRain }) => console.log(typeof ChatRain), (error) => console.log(String(error)));';

  it("asks for @langchain/core by name where it is missing", async () => {
    expect(await says("missing.mjs", TRY)).toContain("MissingPeerError: Expected the package `@langchain/core` (^1.2.0) to be installed");
  });

  it("... and where it is of a version before the streaming protocol", async () => {
    const old = join(modules, "@langchain/core");
    mkdirSync(old, { recursive: true });
    const exports = { "./language_models/chat_models": "./index.js", "./messages": "./index.js" };
    writeFileSync(join(old, "package.json"), JSON.stringify({ name: "@langchain/core", version: "0.3.80", type: "module", exports }));
    writeFileSync(join(old, "index.js"), "export class BaseChatModel {}\nexport class BaseMessage {}");
    expect(await says("old.mjs", TRY)).toContain(
      "MissingPeerError: Expected the package `@langchain/core` (^1.2.0) to be installed, got none that fits",
    );
    rmSync(join(modules, "@langchain"), { recursive: true });
  });

  it("the rest of the package works without it", async () => {
    expect(await says("core.mjs", 'import("rain-align").then(({ rain }) => console.log(typeof rain));')).toBe("function\n");
  });

  describe("with @langchain/core", () => {
    beforeAll(() => {
      for (const dependency of ["@langchain", "langchain"]) link(dependency);
    });

    it("works in CommonJS by import()", async () => {
      expect(await says("import.cjs", TRY)).toBe("function\n");
    });

    it("says on require() what to do instead", async () => {
      const said = await says("require.cjs", 'require("rain-align/langchain");');
      expect(said).toContain("to be imported, got require()");
      expect(said).toContain('await import("rain-align/langchain")');
    });
  });
});
