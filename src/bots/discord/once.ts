import { createHash } from "node:crypto";

/** Discord's limit. */
const LONGEST_NONCE = 25;

/** Discord posts a message of one nonce once, however often it is asked to: after a lost response, for example. */
export function once(...what: readonly (string | number)[]): { readonly nonce: string; readonly enforceNonce: true } {
  const nonce = createHash("sha256").update(what.join("/")).digest("base64url").slice(0, LONGEST_NONCE);
  return { nonce, enforceNonce: true };
}
