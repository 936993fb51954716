/** What an evaluation keeps while it runs, and how it finds it again. */
import { createHash } from "node:crypto";
import { z } from "zod";

const count = z.number().nonnegative();

const SAID = z.object({
  key: z.string(),
  text: z.string(),
  finishReason: z.enum(["stop", "length", "content_filter", "tool_calls"]),
  rewinds: count,
  evaluations: count,
  emitted: count,
  /** These three depend on what else was in the cache and on the machine: they are the same on average only. */
  forward: count,
  calls: count,
  milliseconds: count,
});

/** There is no answer, and the next attempt would come to the same. */
const FAILED = z.object({ key: z.string(), failure: z.string() });

export const ANSWER_ROW = z.union([SAID, FAILED]);

/** An answer and what it took, or the reason why there is none. */
export type AnswerRow = Said | z.infer<typeof FAILED>;

export type Said = z.infer<typeof SAID>;

export const VERDICT_ROW = z.object({ key: z.string(), value: z.number().min(-1).max(1) });

/** What a judge said: -1 (bad) to 1 (good). */
export type VerdictRow = z.infer<typeof VERDICT_ROW>;

/** A row's name: whatever it depends on is in it, so nothing that was found under other conditions is ever taken for it. */
export function keyOf(conditions: unknown): string {
  return createHash("sha256").update(JSON.stringify(conditions)).digest("base64url").slice(0, 24);
}
