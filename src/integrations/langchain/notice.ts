/** Where a notice goes to that nobody listens for: to the warnings of the process, as libraries have no other place. */
export function warn(notice: string): void {
  process.emitWarning(notice, "RainWarning");
}

/** Tells a listener. What goes wrong there is its own trouble, not that of the work it listens to, and becomes a warning of the process. */
export function tell<Event>(listener: ((event: Event) => unknown) | undefined, event: Event): void {
  const told = (async () => await listener?.(event))();
  told.catch((error: unknown) => warn(`Expected a listener to take what it is told, got an error: ${String(error)}`));
}
