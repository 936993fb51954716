interface Limits {
  /** How many are worked on at a time. A positive integer. */
  readonly atOnce: number;
  readonly signal: AbortSignal;
}

/**
 * Does this with all of them, in their order, a few at a time: data may have more rows than anybody could wait for at once. The first one
 * that fails stops the others, and all have ended when its error is thrown: nobody goes on with what is freed then.
 */
export async function withAll<Item>(
  items: readonly Item[],
  { atOnce, signal }: Limits,
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
