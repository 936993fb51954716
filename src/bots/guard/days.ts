export const DAY_MS = 86_400_000;

/** A day in UTC, such as "2026-11-21": so many before that of `at`, in milliseconds since 1970. */
export function dayBefore(at: number, days: number): string {
  return new Date(at - days * DAY_MS).toISOString().slice(0, "2026-11-21".length);
}
