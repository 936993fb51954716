/** How the work is stopped from outside. Imports nothing: it is loaded before all the rest, which takes longest. */

/** What the shell is told. */
export const EXIT_CODES = { content: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Ctrl-C. */
export class Interrupted extends Error {
  constructor() {
    super("Stopped by Ctrl-C");
  }
}

/** The reader of our output has read enough, as `head` does. */
export class PipeClosed extends Error {}

/** The output cannot be written, as on a full disk. */
export class OutputLost extends Error {
  constructor(cause: Error) {
    super(`Expected to write what there is to say, got: ${cause.message}`, { cause });
  }
}

/** What ends the work from outside. */
export type StopReason = Interrupted | PipeClosed | OutputLost;

/** For as long as no command has begun there is nothing to stop and nothing to free: Ctrl-C ends the process at once. */
export function endWhenStopped(): void {
  process.on("SIGINT", endAtOnce);
  for (const stream of outputs()) stream.on("error", endWithoutOutput);
}

/** A signal that Ctrl-C and lost output abort. A second Ctrl-C ends the process at once. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  onInterrupt(() => {
    if (controller.signal.aborted) endAtOnce();
    controller.abort(new Interrupted());
  });
  onOutputLost((reason) => controller.abort(reason));
  return controller.signal;
}

/** From now on Ctrl-C does this and nothing else. There is a listener at every moment: otherwise a signal that has just come would be lost. */
export function onInterrupt(listener: () => void): void {
  process.on("SIGINT", listener).off("SIGINT", endAtOnce);
}

/** From now on output that cannot be written does this and nothing else. Without a listener it would end in a stack trace. */
export function onOutputLost(listener: (reason: PipeClosed | OutputLost) => void): void {
  for (const stream of outputs()) {
    stream.off("error", endWithoutOutput).on("error", (error: NodeJS.ErrnoException) => listener(reasonOf(error)));
  }
}

/** From now on an error that nothing catches does this, and nothing else. */
export function onCrash(listener: (error: unknown) => void): void {
  process.removeAllListeners("uncaughtException").on("uncaughtException", listener);
}

/** From now on the bot decides how the process ends. */
export function handOver(): void {
  process.off("SIGINT", endAtOnce).removeAllListeners("uncaughtException");
}

function outputs() {
  return [process.stdout, process.stderr] as const;
}

function endAtOnce(): never {
  process.stderr.write(`rain: ${new Interrupted().message}\n`);
  process.exit(EXIT_CODES.interrupted);
}

function endWithoutOutput(error: NodeJS.ErrnoException): never {
  const reason = reasonOf(error);
  if (reason instanceof PipeClosed) process.exit(EXIT_CODES.content);
  process.stderr.write(`rain: ${reason.message}\n`);
  process.exit(EXIT_CODES.failed);
}

function reasonOf(error: NodeJS.ErrnoException): PipeClosed | OutputLost {
  return error.code === "EPIPE" ? new PipeClosed() : new OutputLost(error);
}
