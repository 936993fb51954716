/**
 * Does this with all of them at once. The first one that fails stops the others, and all have ended when its error is thrown: nobody
 * goes on with what is freed then.
 */
export async function withAll<Item>(
  items: readonly Item[],
  signal: AbortSignal,
  work: (item: Item, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failure = new AbortController();
  const either = AbortSignal.any([signal, failure.signal]);
  await Promise.allSettled(items.map((item) => work(item, either).catch((error: unknown) => failure.abort(error))));
  signal.throwIfAborted();
  failure.signal.throwIfAborted();
}
