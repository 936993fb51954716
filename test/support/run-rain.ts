import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";

/** What is built, as a file for Node. */
export const COMMAND = join(import.meta.dirname, "../../dist/cli/main.js");

/** What a run of `rain` said. */
export interface Said {
  readonly stdout: string;
  readonly stderr: string;
}

/** What was said so far, and what may be done about it. */
export interface Meanwhile extends Said {
  interrupt(): void;
  /** As a supervisor tells it to end. */
  terminate(): void;
  /** What nothing can prepare for. */
  kill(): void;
  type(text: string): void;
  /** As `head` does when it has read enough. */
  closeOutput(): void;
}

export interface Running {
  /** The exit code, as a shell sees it: 128 and the signal's number when a signal ended the process. @default 0 */
  readonly code?: number;
  /** All of standard input. @default nothing */
  readonly input?: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
  /** The folder that it is started in. @default this process's */
  readonly cwd?: string;
  /** A file descriptor for standard output, which is then not read. */
  readonly output?: number;
  /** Called whenever something was said. Standard input then stays open. */
  readonly onSaid?: (meanwhile: Meanwhile) => void;
  /** Called when the input was taken, all but what fits into a pipe. Standard input then stays open. */
  readonly onInputTaken?: (meanwhile: Meanwhile) => void;
}

/** An environment in which nothing can be fetched, and whose caches are in this folder. */
export function offline(cache: string): Readonly<Record<string, string>> {
  const noFetch = 'globalThis.fetch=()=>Promise.reject(new Error("no\\x20network"))';
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(noFetch)}`, XDG_CACHE_HOME: cache };
}

/** Runs the built `rain` command as a shell does, and expects an exit code; if another one comes, the failure shows all that was said. */
export async function runRain(parameters: readonly string[], { code = 0, ...running }: Running = {}): Promise<Said> {
  const ran = await run(parameters, running);
  expect(ran, `rain ${parameters.join(" ").slice(0, 200)}`).toEqual({ ...ran, code });
  return ran;
}

function run(parameters: readonly string[], { input = "", environment = {}, cwd, output, onSaid, onInputTaken }: Omit<Running, "code">) {
  return new Promise<Said & { readonly code: number }>((resolve, reject) => {
    const child = spawn(process.execPath, [COMMAND, ...parameters], {
      env: { ...process.env, NO_COLOR: "1", ...environment },
      ...(cwd === undefined ? {} : { cwd }),
      stdio: ["pipe", output ?? "pipe", "pipe"],
      // A process group of its own, as a shell makes one: Ctrl-C reaches all of it.
      detached: true,
    });
    const said = { stdout: "", stderr: "" };
    const meanwhile = (): Meanwhile => ({
      ...said,
      interrupt: () => signal(child, "SIGINT"),
      terminate: () => signal(child, "SIGTERM"),
      kill: () => signal(child, "SIGKILL"),
      type: (line) => child.stdin?.write(line),
      closeOutput: () => child.stdout?.destroy(),
    });
    for (const name of ["stdout", "stderr"] as const) {
      child[name]?.setEncoding("utf8").on("data", (text: string) => {
        said[name] += text;
        onSaid?.(meanwhile());
      });
    }
    child.on("error", reject);
    child.on("close", (code, name) => resolve({ code: code ?? 128 + constants.signals[name ?? "SIGKILL"], ...said }));
    // A command that refuses its arguments never reads its input.
    child.stdin?.on("error", () => undefined);
    child.stdin?.write(input, () => onInputTaken?.(meanwhile()));
    if (onSaid === undefined && onInputTaken === undefined) child.stdin?.end();
  });
}

/** As from a terminal, where all of the process group hears it. */
function signal({ pid, exitCode, signalCode }: ChildProcess, name: NodeJS.Signals): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, name);
}

/** Waits for something to be said, then acts, once; then for the next thing. */
export type Scene = readonly [isTime: (meanwhile: Meanwhile) => boolean, act: (meanwhile: Meanwhile) => void];

export function script(...scenes: readonly Scene[]): (meanwhile: Meanwhile) => void {
  const left = [...scenes];
  return (meanwhile) => {
    const [isTime, act] = left[0] ?? [];
    if (isTime?.(meanwhile) !== true) return;
    left.shift();
    act?.(meanwhile);
  };
}
