/** Why the bot leaves: the reason of its signal. */
export class Leaving extends Error {
  /** Nobody has time to wait for answers that are being written. */
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

/** Whether there is no time for what is being written. */
export function isSudden({ reason }: AbortSignal): boolean {
  return reason instanceof Leaving && reason.isSudden;
}
