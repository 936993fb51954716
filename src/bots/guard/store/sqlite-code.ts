import type { StoreErrorCode } from "./store-error.ts";

/** What went wrong, from what the driver says of it. */
export function sqliteCode(error: unknown): StoreErrorCode {
  const code = String((error as { code?: unknown } | undefined)?.code);
  // Some errors come with the extended code alone, such as SQLITE_CANTOPEN_ISDIR.
  const known = Object.keys(CODES).find((one) => code === one || code.startsWith(`${one}_`));
  return known === undefined ? "failed" : (CODES[known] as StoreErrorCode);
}

const CODES: Readonly<Record<string, StoreErrorCode>> = {
  SQLITE_BUSY: "locked",
  SQLITE_LOCKED: "locked",
  SQLITE_FULL: "full",
  SQLITE_READONLY: "read-only",
  SQLITE_CANTOPEN: "unreachable",
  SQLITE_IOERR: "unreachable",
  SQLITE_NOTADB: "unreadable",
  SQLITE_CORRUPT: "unreadable",
  CLIENT_CLOSED: "closed",
};
