import { join } from "node:path";
import { ROOT, runProgram } from "./run-module.ts";

/** Runs one of the project's tools in its root. Gives everything it said when it failed, and "" when it was content. */
export async function runTool(name: string, parameters: readonly string[]): Promise<string> {
  const program = name === "npm" ? name : join(ROOT, "node_modules/.bin", name);
  const { code, stdout, stderr } = await runProgram(program, parameters);
  return code === 0 ? "" : `${name} ended with ${code}\n${stdout}${stderr}`;
}
