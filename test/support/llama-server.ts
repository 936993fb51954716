import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./run-module.ts";

/** llama.cpp's own server, where it was built. */
export interface LlamaServerProgram {
  readonly path: string;
  readonly isThere: boolean;
  /** For the title of tests that are left out without it; else empty. */
  readonly reason: string;
}

/** Where `.ci/llama-server` builds it: no test does. */
export function llamaServerProgram(): LlamaServerProgram {
  const { tag } = JSON.parse(readFileSync(join(ROOT, "node_modules/node-llama-cpp/llama/llama.cpp.info.json"), "utf8")) as { tag: string };
  const folder = process.env["RAIN_LLAMA_SERVER_CACHE"] ?? join(homedir(), ".cache", "rain-llama-server");
  const path = join(folder, tag, "llama-server");
  const isThere = existsSync(path);
  return { path, isThere, reason: isThere ? "" : ` (left out: there is no ${path}; .ci/llama-server builds it, with cmake)` };
}

export interface RunningServer extends AsyncDisposable {
  readonly url: string;
  /** Ends it at once, whatever it is doing. */
  readonly kill: () => Promise<void>;
}

/** Starts it on a port of its own, and waits until it says that it listens. */
export async function startLlamaServer(
  model: string,
  { slots = 4, context = 512, key, threads = 1 }: { slots?: number; context?: number; key?: string; threads?: number } = {},
): Promise<RunningServer> {
  const { path } = llamaServerProgram();
  const shape = ["-c", String(slots * context), "-np", String(slots), "-t", String(threads), "--no-warmup", "--swa-full"];
  const parameters = ["-m", model, "--host", "127.0.0.1", "--port", "0", ...shape, ...(key === undefined ? [] : ["--api-key", key])];
  const child = spawn(path, parameters, { stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    const listen = (data: Buffer) => {
      said += data;
      const [, found] = /listening on (http:\/\/\S+)/.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    child.once("error", reject);
    void ended.then(() => reject(new Error(`Expected llama-server to listen, got: ${said.slice(-2000)}`)));
  });
  const kill = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  return { url, kill, [Symbol.asyncDispose]: kill };
}
