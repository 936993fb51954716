import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { transform } from "esbuild";

export const ROOT = join(import.meta.dirname, "../..");

/** What a program came to. */
export interface Outcome {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a TypeScript module as a user would: the package's name leads to what is built. Its types are taken out beforehand: a loader that
 * looks at every library's modules as well takes longer than most examples do.
 */
export async function runModule(path: string): Promise<Outcome> {
  const { code } = await transform(readFileSync(path, "utf8"), { loader: "ts", target: "node20" });
  // One folder below the root, as the examples are: they name files from there.
  const folder = join(ROOT, ".cache");
  const script = join(folder, `${randomUUID()}.mjs`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(script, code);
  try {
    return await runProgram(process.execPath, [script]);
  } finally {
    rmSync(script);
  }
}

/** Runs a benchmark as its npm script does: the package's name leads to its source. */
export function runBenchmark(name: string, parameters: readonly string[]): Promise<Outcome> {
  return runProgram(process.execPath, ["--conditions=rain-source", "--import", "tsx", `bench/${name}.ts`, ...parameters]);
}

/** Runs a program in the root of the project, without input. */
export function runProgram(
  program: string,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NO_COLOR: "1", ...environment };
    const child = spawn(program, parameters, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (data) => (stdout += data));
    child.stderr.on("data", (data) => (stderr += data));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? undefined, stdout, stderr }));
  });
}

/** Runs one of the project's tools in its root. Gives everything it said when it failed, and "" when it was content. */
export async function runTool(name: string, parameters: readonly string[]): Promise<string> {
  const program = name === "npm" ? name : join(ROOT, "node_modules/.bin", name);
  const { code, stdout, stderr } = await runProgram(program, parameters);
  return code === 0 ? "" : `${name} ended with ${code}\n${stdout}${stderr}`;
}
