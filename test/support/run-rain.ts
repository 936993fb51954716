import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";

const command = join(import.meta.dirname, "../../dist/cli/main.js");

/** What a run of `rain` came to. */
export interface Ran {
  /** Exit code, as a shell sees it: 128 and the signal's number when a signal ended the process. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What was said so far, and what may be done about it. */
export interface Meanwhile {
  readonly stdout: string;
  readonly stderr: string;
  interrupt(): void;
  type(text: string): void;
  /** As `head` does when it has read enough. */
  closeOutput(): void;
}

export interface Running {
  /** All of standard input. @default nothing */
  readonly input?: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
  /** Called whenever something was said. Standard input then stays open. */
  readonly onSaid?: (meanwhile: Meanwhile) => void;
}

/** Runs the built `rain` command as a shell does. */
export function runRain(parameters: readonly string[], { input = "", environment = {}, onSaid }: Running = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [command, ...parameters], { env: { ...process.env, NO_COLOR: "1", ...environment } });
    const said = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        said[name] += text;
        onSaid?.({
          ...said,
          interrupt: () => child.kill("SIGINT"),
          type: (line) => child.stdin.write(line),
          closeOutput: () => child.stdout.destroy(),
        });
      });
    }
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code: code ?? 128 + constants.signals[signal ?? "SIGKILL"], ...said }));
    // A command that refuses its arguments never reads its input.
    child.stdin.on("error", () => undefined);
    child.stdin.write(input);
    if (onSaid === undefined) child.stdin.end();
  });
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
