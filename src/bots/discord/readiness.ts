import { safeError } from "./safe-error.ts";
import { within } from "./within.ts";

/** Whether the bot can do its work at this moment, and if not, why. */
export interface Readiness {
  readonly isReady: boolean;
  /** By what is not ready, such as `gateway`, `store`, `model`, `shard 1`. */
  readonly reasons: Readonly<Record<string, string>>;
}

/** Resolves if something works; rejects, or stays away, if it does not. */
export type Check = () => Promise<unknown>;

/** Something does not work, in words for whoever runs the bot. */
export class NotReady extends Error {}

/** Longer nobody waits who asks: a probe gives up soon. */
const CHECK_MS = 2000;

/** Asks all at once. */
export async function readinessOf(checks: Readonly<Record<string, Check>>): Promise<Readiness> {
  const asked = Object.entries(checks).map(async ([name, check]) => [name, await complaintOf(check)] as const);
  const complaints = (await Promise.all(asked)).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { isReady: complaints.length === 0, reasons: Object.fromEntries(complaints) };
}

async function complaintOf(check: Check): Promise<string | undefined> {
  const answer = check().then(
    () => ({ complaint: undefined }),
    (error: unknown) => ({ complaint: reasonOf(error) }),
  );
  const { complaint } = (await within(CHECK_MS, answer)) ?? { complaint: `no answer within ${CHECK_MS} ms` };
  return complaint;
}

/** An error's own words may quote anything. */
function reasonOf(error: unknown): string {
  if (error instanceof NotReady) return error.message;
  const { message, code, type } = safeError(error);
  return message ?? String(code ?? type);
}
