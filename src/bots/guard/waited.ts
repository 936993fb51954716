/** What somebody waits for together with others: whose signal is aborted leaves with its reason, at once, and the work goes on. */
export async function waited<Result>(work: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (signal === undefined) return await work;
  // Nobody misses what fails after everybody has left.
  work.catch(() => undefined);
  signal.throwIfAborted();
  let leave: (() => void) | undefined;
  const left = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
  });
  try {
    return await Promise.race([work, left]);
  } finally {
    if (leave !== undefined) signal.removeEventListener("abort", leave);
  }
}
