import { constants } from "node:os";
import type { Logger } from "pino";
import { Leaving } from "./leaving.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

interface EndingInput {
  readonly log: Logger;
  /** From when the bot is to leave until it is made to. */
  readonly limitMs: number;
}

/** How a process ends: told to by a signal, or because something failed where nobody waited. */
export class Shutdown implements Disposable {
  readonly #controller = new AbortController();
  readonly #input: EndingInput;
  #exitCode = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #onCrash = (error: unknown): void => this.#crash(error);
  readonly #onSignal = (name: NodeJS.Signals): void => this.#signalled(name);

  /**
   * What fails where nobody waits ends the process, as its state is not known any more, and whoever supervises it starts it again:
   * discord.js does so, for example, when Discord ends a session at the moment at which it was resumed.
   */
  constructor(input: EndingInput) {
    this.#input = input;
    process.on("uncaughtException", this.#onCrash);
    for (const name of SIGNALS) process.on(name, this.#onSignal);
  }

  /** Aborted, with a `Leaving`, when the bot is to leave. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What whoever started the process is told when it ends. */
  get exitCode(): number {
    return this.#exitCode;
  }

  /** The bot is to leave. */
  #begin(leaving: Leaving): void {
    if (this.signal.aborted) return;
    if (leaving.isSudden) this.#exitCode = 1;
    this.#timer = setTimeout(() => {
      this.#input.log.fatal("did not end in time, and is ended");
      process.exit(1);
    }, this.#input.limitMs).unref();
    this.#controller.abort(leaving);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    process.off("uncaughtException", this.#onCrash);
    for (const name of SIGNALS) process.off(name, this.#onSignal);
  }

  #crash(error: unknown): void {
    this.#input.log.fatal({ err: error }, "something failed where nobody waited: ending, to be started again");
    this.#exitCode = 1;
    this.#begin(new Leaving("something failed", { isSudden: true, cause: error }));
  }

  /** The second one ends the process at once. */
  #signalled(name: NodeJS.Signals): void {
    this.#input.log.info({ signal: name }, "told to end");
    if (this.signal.aborted) process.exit(128 + constants.signals[name]);
    this.#begin(new Leaving(name));
  }
}
