/** What clients of every kind have in common: how they know a call, and how they say how much is to be thought. */
import { randomUUID } from "node:crypto";

/** An id that no other call has, in whatever conversation. The core's own are unique in one only. */
export function callId(): string {
  return `call_${randomUUID().replaceAll("-", "").slice(0, 24)}`;
}

/** Tokens that a thought may have, by the names that OpenAI's API and the AI SDK have for efforts. */
export const THINKING_BUDGETS = { minimal: 256, low: 512, medium: 1024, high: 4096, xhigh: 8192, max: 16_384 } as const;
