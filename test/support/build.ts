import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Builds `dist` once, before the tests that run what is built. A type error does not end the run here: JavaScript is
 * written all the same, and the test of the types names the error. What the command keeps between runs is kept here only.
 */
export function setup(): (() => void) | undefined {
  // Two groups of tests need it, and it is built before either of them begins.
  if (process.env["RAIN_BUILT"] !== undefined) return undefined;
  process.env["RAIN_BUILT"] = "yes";
  run("npm", ["run", "--silent", "build"]);
  // Where it was never asked for the command, npx links the package first, and has it built anew: not in the middle of other tests.
  run("npx", ["rain", "--version"]);
  const cache = mkdtempSync(join(tmpdir(), "rain-cache-"));
  process.env["XDG_CACHE_HOME"] = cache;
  return () => rmSync(cache, { recursive: true });
}

function run(program: string, parameters: readonly string[]): void {
  const { error } = spawnSync(program, parameters, { stdio: "ignore" });
  if (error !== undefined) throw error;
}
