import { constants } from "node:os";
import type { Logger } from "pino";

/** Why the bot shuts down: the reason of its signal. */
export class ShutdownReason extends Error {
  /** There is no time to wait for answers that are being written. */
  readonly isSudden: boolean;

  constructor(why: string, { isSudden = false, ...options }: ErrorOptions & { readonly isSudden?: boolean } = {}) {
    super(`The bot leaves: ${why}`, options);
    this.isSudden = isSudden;
  }
}

/** Resolves when the signal is aborted. */
export function abortOf(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** How the process ends: told to by a signal, or because something failed where no code waits for it. */
export class Shutdown implements Disposable {
  readonly #controller = new AbortController();
  readonly #log: Logger;
  readonly #limitMs: number;
  #exitCode = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * What fails where no code waits ends the process, as its state is not known any more, and its supervisor starts it again: discord.js
   * throws so, for example, when Discord ends a session at the moment at which it was resumed.
   *
   * @param limitMs from when the bot is to leave until it is made to
   */
  constructor(log: Logger, limitMs: number) {
    this.#log = log;
    this.#limitMs = limitMs;
    process.on("uncaughtException", this.#onCrash);
    for (const name of SIGNALS) process.on(name, this.#onSignal);
  }

  /** Aborted, with a `ShutdownReason`, when the bot is to leave. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** 1 after a crash. */
  get exitCode(): number {
    return this.#exitCode;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    process.off("uncaughtException", this.#onCrash);
    for (const name of SIGNALS) process.off(name, this.#onSignal);
  }

  readonly #onCrash = (error: unknown): void => {
    this.#log.fatal({ err: error }, "something failed where nobody waited: ending, to be started again");
    this.#exitCode = 1;
    this.#begin(new ShutdownReason("something failed", { isSudden: true, cause: error }));
  };

  /** The second signal ends the process at once. */
  readonly #onSignal = (name: NodeJS.Signals): void => {
    this.#log.info({ signal: name }, "told to end");
    if (this.signal.aborted) process.exit(128 + constants.signals[name]);
    this.#begin(new ShutdownReason(name));
  };

  #begin(reason: ShutdownReason): void {
    if (this.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#log.fatal("did not end in time, and is ended");
      process.exit(1);
    }, this.#limitMs).unref();
    this.#controller.abort(reason);
  }
}
