import type { StoreErrorCode } from "./store-error.ts";

/** What went wrong, from the server's code (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
export function postgresCode(error: unknown): StoreErrorCode {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown };
  // Who is not the server says that it cannot be reached, in many ways.
  if (typeof code !== "string" || severity === undefined) return "unreachable";
  return CODES[code] ?? CLASSES[code.slice(0, 2)] ?? "failed";
}

const CODES: Readonly<Record<string, StoreErrorCode>> = {
  "55P03": "locked",
  "57014": "locked",
  "53100": "full",
  "53300": "unreachable",
  "25006": "read-only",
  "42501": "read-only",
  "3D000": "unreachable",
  XX001: "unreadable",
  XX002: "unreadable",
};

/** The first two characters: connections, logins, shutdowns; transactions that stood in each other's way. */
const CLASSES: Readonly<Record<string, StoreErrorCode>> = { "08": "unreachable", "28": "unreachable", "57": "unreachable", "40": "locked" };
