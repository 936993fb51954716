import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ROOT } from "../support/run-module.ts";
import { temporaryFolder } from "../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

/** The last line of a test run that left this report and ended with this exit code. */
function summaryOf(report: object | undefined, code: number): string {
  const path = join(folder.path, report === undefined ? "missing.json" : "report.json");
  if (report !== undefined) writeFileSync(path, JSON.stringify(report));
  return spawnSync(process.execPath, [join(ROOT, ".ci/summary.mjs"), path, String(code)], { encoding: "utf8" }).stdout;
}

describe("the summary of a test run", () => {
  const passed = { status: "passed", assertionResults: [{}] };
  const failed = { status: "failed", assertionResults: [{}] };
  const broken = { status: "failed", assertionResults: [] };

  it("counts what passed and what failed", () => {
    expect(summaryOf({ numPassedTests: 3, numFailedTests: 0, testResults: [passed] }, 0)).toBe("3 passed, 0 failed\n");
    expect(summaryOf({ numPassedTests: 3, numFailedTests: 2, testResults: [passed, failed] }, 1)).toBe("3 passed, 2 failed\n");
  });

  it("counts a file that could not be loaded as a failure", () => {
    expect(summaryOf({ numPassedTests: 3, numFailedTests: 0, testResults: [passed, broken] }, 1)).toBe("3 passed, 1 failed\n");
  });

  it("never reads as a success when the run failed otherwise, or left no report", () => {
    expect(summaryOf({ numPassedTests: 3, numFailedTests: 0, testResults: [passed] }, 1)).toBe("3 passed, 1 failed\n");
    expect(summaryOf(undefined, 1)).toBe("0 passed, 1 failed\n");
  });
});
