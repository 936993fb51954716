import { Readable } from "node:stream";
import { expect, vi } from "vitest";
import { complain } from "../../src/cli/failure.ts";
import { programFor } from "../../src/cli/program.ts";
import type { Said } from "./run-rain.ts";

export interface Calling {
  /** @default 0 */
  readonly code?: number;
  /** All of standard input. @default nothing */
  readonly input?: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
  /** Standard output cannot be written, as on a full disk. */
  readonly isOutputLost?: boolean;
}

/**
 * Calls `rain` in this process, and expects an exit code: a process of its own takes longer to begin than most commands take. What is
 * interrupted or killed needs one (`runRain`), and so do the first and the last moments of a process.
 */
export async function callRain(parameters: readonly string[], { code = 0, ...calling }: Calling = {}): Promise<Said> {
  using terminal = new Terminal(calling);
  const program = await programFor(parameters[0]);
  const ended = await program.parseAsync(parameters, { from: "user" }).then(() => 0, complain);
  const called = { code: ended, ...terminal.said };
  expect(called, `rain ${parameters.join(" ").slice(0, 200)}`).toEqual({ ...called, code });
  return called;
}

const OUTPUTS = ["stdout", "stderr"] as const;

/** Stands in for the terminal, until it is disposed. */
class Terminal implements Disposable {
  readonly said = { stdout: "", stderr: "" };
  readonly #emitters = [process, process.stdout, process.stderr] as const;
  readonly #before = this.#emitters.map((emitter) => new Set(listeners(emitter)));
  readonly #spies: readonly Disposable[];

  constructor({ input = "", environment = {}, isOutputLost = false }: Omit<Calling, "code">) {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    const stdin = Readable.from([Buffer.from(input)]) as typeof process.stdin;
    const write = (name: (typeof OUTPUTS)[number], chunk: string | Uint8Array, written: unknown) => {
      if (isOutputLost && name === "stdout") process.stdout.emit("error", new Error("no space left"));
      else this.said[name] += chunk.toString();
      if (typeof written === "function") written();
      return true;
    };
    this.#spies = [
      vi.spyOn(process, "stdin", "get").mockReturnValue(stdin),
      ...OUTPUTS.map((name) =>
        vi.spyOn(process[name], "write").mockImplementation((chunk, ...rest: unknown[]) => write(name, chunk, rest.at(-1))),
      ),
    ];
  }

  /** A command that ends does not end its process here: what it listens to is taken from it. */
  [Symbol.dispose](): void {
    for (const spy of this.#spies) spy[Symbol.dispose]();
    vi.unstubAllEnvs();
    for (const [index, emitter] of this.#emitters.entries()) {
      for (const [event, listener] of listeners(emitter)) {
        if (![...(this.#before[index] ?? [])].some(([, known]) => known === listener)) emitter.off(event, listener);
      }
    }
  }
}

type Listener = (...given: unknown[]) => void;

function listeners(emitter: NodeJS.EventEmitter): (readonly [event: string | symbol, listener: Listener])[] {
  return ["SIGINT", "error"].flatMap((event) => emitter.listeners(event).map((listener) => [event, listener as Listener] as const));
}
