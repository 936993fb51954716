import { expect, vi } from "vitest";
import { complain } from "../../src/cli/failure.ts";
import { programFor } from "../../src/cli/program.ts";
import type { Said } from "./run-rain.ts";

export interface Calling {
  /** @default 0 */
  readonly code?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Calls `rain` in this process, and expects an exit code: a process of its own takes longer to begin than most commands take. What is
 * typed to, interrupted or killed needs one (`runRain`), and each command has tests that give it one.
 */
export async function callRain(parameters: readonly string[], { code = 0, environment = {} }: Calling = {}): Promise<Said> {
  using terminal = new Terminal(environment);
  const program = await programFor(parameters[0]);
  const ended = await program.parseAsync(parameters, { from: "user" }).then(() => 0, complain);
  const called = { code: ended, ...terminal.said };
  expect(called, `rain ${parameters.join(" ").slice(0, 200)}`).toEqual({ ...called, code });
  return called;
}

const OUTPUTS = ["stdout", "stderr"] as const;

/** Takes what is written to the terminal, until it is disposed. */
class Terminal implements Disposable {
  readonly said = { stdout: "", stderr: "" };
  readonly #emitters = [process, process.stdout, process.stderr] as const;
  readonly #before = this.#emitters.map((emitter) => new Set(listeners(emitter)));
  readonly #spies = OUTPUTS.map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((chunk, ...rest: unknown[]) => {
      this.said[name] += chunk.toString();
      const written = rest.at(-1);
      if (typeof written === "function") written();
      return true;
    }),
  );

  constructor(environment: Readonly<Record<string, string>>) {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  }

  /** A command that ends does not end its process here: what it listens to is taken from it. */
  [Symbol.dispose](): void {
    for (const spy of this.#spies) spy.mockRestore();
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
