import { spawnSync } from "node:child_process";

/**
 * Builds `dist` once, before the tests that run what is built. A type error does not end the run here: JavaScript is
 * written all the same, and the test of the types names the error.
 */
export function setup(): void {
  // Two groups of tests need it, and it is built before either of them begins.
  if (process.env["RAIN_BUILT"] !== undefined) return;
  process.env["RAIN_BUILT"] = "yes";
  run("npm", ["run", "--silent", "build"]);
  // Where it was never asked for the command, npx links the package first, and has it built anew: not in the middle of other tests.
  run("npx", ["rain", "--version"]);
}

function run(program: string, parameters: readonly string[]): void {
  const { error } = spawnSync(program, parameters, { stdio: "ignore" });
  if (error !== undefined) throw error;
}
