/** Where a notice goes to that nobody listens for: to the warnings of the process, as libraries have no other place. */
export function warn(notice: string): void {
  process.emitWarning(notice, "RainWarning");
}
