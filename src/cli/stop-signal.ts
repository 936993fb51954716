/** Ctrl-C. */
export class Interrupted extends Error {}

/** Whoever read our output has read enough, as `head` does. */
export class PipeClosed extends Error {}

/** A signal that Ctrl-C and a closed pipe abort. A second Ctrl-C ends the process at once. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  process.on("SIGINT", () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Interrupted());
  });
  onPipeClosed((reason) => controller.abort(reason));
  return controller.signal;
}

/** Without a listener a closed pipe would end the process with a stack trace. */
export function onPipeClosed(listener: (reason: PipeClosed) => void): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      listener(new PipeClosed());
    });
  }
}
