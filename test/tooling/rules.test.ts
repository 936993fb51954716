import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");

/** A file that breaks a rule, and the words of the complaint we expect about it. */
interface Offence {
  readonly path: string;
  readonly code: string;
  readonly complaint: string;
}

const offences: readonly Offence[] = [
  { path: "src/core/a1.ts", code: 'import "zod";', complaint: "core imports no vendor package" },
  { path: "src/core/a7.ts", code: 'import "@langchain/core/messages";', complaint: "core imports no vendor package" },
  { path: "src/core/a2.ts", code: 'import "../cli/main.ts";', complaint: "core imports nothing of ours from outside core" },
  { path: "src/core/search/a3.ts", code: 'import "../../llama.ts";', complaint: "core imports nothing of ours from outside core" },
  { path: "src/core/judge/a4.ts", code: 'await import("node-llama-cpp");', complaint: "core imports no vendor package" },
  { path: "src/core/judge/a5.ts", code: 'import type { A } from "discord.js";\nexport type B = A;', complaint: "core imports no vendor" },
  { path: "src/core/engine/llama-a.ts", code: 'import "zod";', complaint: "and no other vendor package." },
  { path: "src/core/engine/parts/a6.ts", code: 'import "../../../llama.ts";', complaint: "core imports nothing of ours from outside core" },
  { path: "src/b1.ts", code: 'import "./core/rain.ts";', complaint: "Enter core through core/index.ts" },
  { path: "src/cli/b2.ts", code: 'import "../core/rain.ts";', complaint: "Enter core through core/index.ts" },
  { path: "src/evaluation/b3.ts", code: 'import "../core/judge/judge.ts";', complaint: "Enter core through core/index.ts" },
  { path: "src/judges/b8.ts", code: 'import "../core/rain.ts";', complaint: "Enter core through core/index.ts" },
  { path: "src/judges/c15.ts", code: 'import "../cli/main.ts";', complaint: "judges see core" },
  { path: "src/judges/d7.ts", code: 'import "../../bench/a.ts";', complaint: "Nothing in src imports test, bench" },
  { path: "src/judges/places/c16.ts", code: 'import "node-llama-cpp";', complaint: "behind their own layer" },
  { path: "src/integrations/langchain/b4.ts", code: 'import "../../core/rain.ts";', complaint: "Enter core through core/index.ts" },
  { path: "src/bots/discord/b5.ts", code: 'import "../../core/rain.ts";', complaint: "Enter core through core/index.ts" },
  { path: "src/bots/guard/b6.ts", code: 'import "../../core/rain.ts";', complaint: "Enter core through core/index.ts" },
  { path: "src/integrations/langchain/c1.ts", code: 'import "../../bots/guard/guard.ts";', complaint: "never bots" },
  { path: "src/integrations/langchain/c5.ts", code: 'import "node-llama-cpp";', complaint: "and no other vendor package" },
  {
    path: "src/integrations/langchain/c6.ts",
    code: 'import "@langchain/community/retrievers/bm25";',
    complaint: "and no other vendor package",
  },
  { path: "src/integrations/langchain/c7.ts", code: 'import "../../bots/discord/main.ts";', complaint: "never bots" },
  { path: "src/integrations/langchain/c8.ts", code: 'await import("discord.js");', complaint: "and no other vendor package" },
  {
    path: "src/integrations/langchain/c9.ts",
    code: 'import process from "node:process";\nexport const a = process;',
    complaint: "know no process",
  },
  { path: "src/peers/b7.ts", code: 'import "../core/rain.ts";', complaint: "Enter core through core/index.ts" },
  { path: "src/peers/c10.ts", code: 'await import("pg");', complaint: "never imported here" },
  { path: "src/peers/c11.ts", code: 'import "../integrations/langchain/messages.ts";', complaint: "peers see core only" },
  { path: "src/bots/guard/c2.ts", code: 'import "discord.js";', complaint: "The guard knows no Discord" },
  { path: "src/bots/guard/c3.ts", code: 'import "../discord/reply.ts";', complaint: "The guard knows no Discord" },
  { path: "src/cli/c12.ts", code: 'import "../bots/discord/run.ts";', complaint: "Enter the bot through its main.ts" },
  { path: "src/cli/c13.ts", code: 'await import("../bots/guard/inference.ts");', complaint: "Enter the bot through its main.ts" },
  { path: "src/cli/c14.ts", code: 'import "discord.js";', complaint: "behind their own layer" },
  { path: "src/cli/c4.ts", code: 'import "node-llama-cpp";', complaint: "behind their own layer" },
  { path: "src/core/d1.ts", code: 'import "../../bench/world.ts";', complaint: "core imports nothing of ours from outside core" },
  { path: "src/cli/d2.ts", code: 'import "../../examples/01.ts";', complaint: "Nothing in src imports test, bench, training or examples" },
  { path: "src/evaluation/d3.ts", code: 'import "../../training/a.ts";', complaint: "Nothing in src imports test, bench" },
  { path: "src/bots/guard/d4.ts", code: 'import "../../../test/a.ts";', complaint: "Nothing in src imports test, bench" },
  { path: "src/integrations/d5.ts", code: 'import "../../bench/a.ts";', complaint: "Nothing in src imports test, bench" },
  { path: "src/d6.ts", code: 'import "../test/a.ts";', complaint: "Nothing in src imports from outside src" },
  { path: "src/core/e1.ts", code: "export const a = process.env;", complaint: "noProcessEnv" },
  {
    path: "src/core/e2.ts",
    code: 'import process from "node:process";\nexport const a = process.env["A"];',
    complaint: "core knows no process",
  },
  { path: "src/evaluation/e7.ts", code: "const { env } = process;\nexport const a = env;", complaint: "noJsRestrictedProperties" },
  { path: "src/core/e3.ts", code: "console.log(1);", complaint: "noConsole" },
  { path: "src/evaluation/e4.ts", code: "export const a = Date.now();", complaint: "noJsRestrictedProperties" },
  { path: "src/core/search/e5.ts", code: "export const a = Math.random();", complaint: "noJsRestrictedProperties" },
  { path: "src/bots/discord/e6.ts", code: "console.log(1);", complaint: "noConsole" },
  { path: "src/core/f1.ts", code: 'import { b } from "./f2.ts";\nexport const a = (): number => b();', complaint: "noImportCycles" },
  { path: "src/core/f2.ts", code: 'import { a } from "./f1.ts";\nexport const b = (): number => a();', complaint: "noImportCycles" },
  { path: "src/core/g1.ts", code: "export const a = (b: any): unknown => b;", complaint: "noExplicitAny" },
  {
    path: "src/core/g2.ts",
    code: "async function a(): Promise<void> {}\nexport function b(): void {\n  a();\n}",
    complaint: "noFloatingPromises",
  },
  { path: "examples/99-a.ts", code: 'import "../src/index.ts";', complaint: "Examples import the package by its own name" },
  { path: "test/g4.test.ts", code: 'import { it } from "vitest";\nit.skip("a", () => undefined);', complaint: "noSkippedTests" },
];

/** What the same rules must let pass. */
const innocent: readonly (readonly [path: string, code: string])[] = [
  ["src/core/ok1.ts", 'import "node:fs";\nimport "./search/ok2.ts";'],
  ["src/core/search/ok2.ts", 'import "../random.ts";\nimport "./tree.ts";'],
  ["src/core/engine/llama-ok.ts", 'await import("node-llama-cpp");\nimport "../meter.ts";'],
  [
    "src/cli/ok3.ts",
    'import "../core/index.ts";\nimport "../llama.ts";\nimport "../bots/discord/main.ts";\nconsole.log(process.env, Date.now(), Math.random());',
  ],
  ["src/ok4.ts", 'import "./core/index.ts";\nimport "./core/engine/llama-ok.ts";'],
  ["src/evaluation/ok5.ts", 'import "../core/index.ts";'],
  [
    "src/integrations/langchain/ok6.ts",
    'import "@langchain/core/language_models/chat_models";\nimport "langchain";\nimport "zod";\nimport "node:path";\nimport "../../core/index.ts";\nimport "../../llama.ts";',
  ],
  ["src/bots/discord/ok7.ts", 'import "discord.js";\nimport "../guard/ok8.ts";\nimport "../../core/index.ts";'],
  ["src/peers/ok10.ts", 'import "node:path";\nimport "../core/index.ts";'],
  ["src/bots/guard/ok8.ts", 'import "../../core/index.ts";\nimport "../../peers/ok10.ts";\nawait import("pg");'],
  ["src/bots/discord/main.ts", "console.log(process.env);"],
  ["examples/98-ok.ts", 'import "rain-align";'],
  ["test/ok9.ts", 'import "../src/core/search/ok2.ts";'],
];

describe("the architecture's rules", () => {
  const copy = mkdtempSync(join(tmpdir(), "rain-rules-"));
  let complaints: ReadonlyMap<string, string>;

  beforeAll(() => {
    for (const name of ["biome.json", ".gitignore", "package.json", "tsconfig.json"]) copyFileSync(join(root, name), join(copy, name));
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    for (const { path, code } of offences) write(path, code);
    for (const [path, code] of innocent) write(path, code);
    complaints = lint(copy);
  });

  afterAll(() => rmSync(copy, { recursive: true }));

  function write(path: string, code: string): void {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    writeFileSync(join(copy, path), `${code}\n`);
  }

  it.each(offences)("refuse $path: $code", ({ path, complaint }) => {
    expect(complaints.get(path)).toContain(complaint);
  });

  it.each(innocent)("let %s pass", (path) => {
    expect(complaints.get(path)).toBeUndefined();
  });
});

/** Everything Biome has to say about the files under `directory`, by path. */
function lint(directory: string): ReadonlyMap<string, string> {
  const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
  const run = spawnSync(process.execPath, [biome, "lint", "--reporter=json", "--max-diagnostics=none", "."], {
    cwd: directory,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const report = JSON.parse(run.stdout) as { diagnostics: { category: string; message: unknown; location: { path: unknown } }[] };
  const found = new Map<string, string>();
  for (const one of report.diagnostics) {
    const path = String(one.location.path);
    found.set(path, `${found.get(path) ?? ""}${JSON.stringify(one)}\n`);
  }
  return found;
}
