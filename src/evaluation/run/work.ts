/**
 * Does this with all of them, in their order, `atOnce` at a time. The first one that fails stops the others, and all have ended when its error
 * is thrown: what the caller frees then is not used any more.
 */
export async function withAll<Item>(
  items: readonly Item[],
  { atOnce, signal }: { readonly atOnce: number; readonly signal: AbortSignal },
  work: (item: Item, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failure = new AbortController();
  const either = AbortSignal.any([signal, failure.signal]);
  // All workers take from the same iterator.
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) {
      if (either.aborted) return;
      await work(item, either).catch((error: unknown) => failure.abort(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  signal.throwIfAborted();
  failure.signal.throwIfAborted();
}

/** Told how the work is coming along. */
export interface Progress {
  /** Something begins that takes `total` steps, of which `done` were taken at an earlier time. */
  begin(what: string, total: number, done: number): void;
  step(): void;
  end(): void;
  /** What a person should know of one row. */
  note(line: string): void;
}

/** Does the work, and tells when it begins and when it is over, however it ends. */
export async function during(progress: Progress, what: Parameters<Progress["begin"]>, work: () => Promise<void>): Promise<void> {
  progress.begin(...what);
  try {
    await work();
  } finally {
    progress.end();
  }
}
