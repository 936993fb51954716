import { spawnSync } from "node:child_process";

/**
 * Builds `dist` once, before the tests that run what is built. A type error does not end the run here: JavaScript is
 * written all the same, and the test of the types names the error.
 */
export function setup(): void {
  const { error } = spawnSync("npm", ["run", "--silent", "build"], { stdio: "ignore" });
  if (error !== undefined) throw error;
}
