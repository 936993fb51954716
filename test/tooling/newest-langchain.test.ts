import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Outcome, ROOT, runProgram } from "../support/run-module.ts";

const MINUTE = 60_000;

/** The tests run on the LangChain that is pinned; people install the newest that the peer range takes. */
describe("The newest LangChain", () => {
  const [folder, empty] = [0, 1].map(() => mkdtempSync(join(realpathSync(tmpdir()), "rain-langchain-"))) as [string, string];
  afterAll(() => {
    for (const one of [folder, empty]) rmSync(one, { recursive: true });
  });

  /** @param place where LangChain is installed */
  const runTests = (place: string, ...paths: readonly string[]): Promise<Outcome> => {
    // Not as JSON: that would take the place of the report of all tests.
    const parameters = [
      "vitest",
      "run",
      "--project",
      "unit",
      "--project",
      "integration",
      "--typecheck.enabled=false",
      "--reporter=default",
    ];
    return runProgram("npx", [...parameters, ...paths], { RAIN_LANGCHAIN: place });
  };

  beforeAll(async () => {
    const { peerDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      readonly peerDependencies: Readonly<Record<string, string>>;
    };
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "somebody", private: true }));
    const peers = ["@langchain/core", "langchain"].map((name) => `${name}@${peerDependencies[name]}`);
    const others = ["@langchain/langgraph", "@langchain/classic"].map((name) => `${name}@latest`);
    const installed = await runProgram("npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", ...peers, ...others]);
    expect(installed.code, installed.stderr).toBe(0);
  }, 3 * MINUTE);

  it(
    "is what these tests run on: where none is installed, they fail",
    async () => {
      const { code, stdout, stderr } = await runTests(empty, "test/integrations/langchain/messages.test.ts");
      expect(code).toBe(1);
      expect(stdout + stderr).toContain(`in ${empty}, got none`);
    },
    MINUTE,
  );

  it(
    "passes all tests of chat models, critique and guardrail",
    async () => {
      const { code, stdout, stderr } = await runTests(folder, "test/integrations/langchain", "test/contracts/chat-rain.test.ts");
      expect(code, (stdout + stderr).slice(-20_000)).toBe(0);
      expect(Number(/Tests\s+(\d+) passed/.exec(stdout)?.[1]), stdout.slice(-2_000)).toBeGreaterThan(500);
    },
    5 * MINUTE,
  );
});
