import { z } from "zod";
import type { Turn } from "../../core/index.ts";
import { answered } from "../tasks/task.ts";
import type { ShiftedAnswer, ShiftedToken } from "./shifted-answer.ts";

const probability = z.number().min(0).max(1);

const TOKEN = z.object({
  token: z.int().min(0),
  text: z.string(),
  rank: z.int().min(1),
  /** Probabilities of the token. */
  base: probability,
  aligned: probability,
  favourite: z.string(),
  /** KL(aligned || base) in nats; `null`: infinite. */
  kl: z.number().min(0).nullable(),
});

const messages = z.array(z.object({ role: z.string(), content: z.string() }));

const SHIFTED = z.object({ key: z.string(), messages, end: z.enum(["stop", "length"]), tokens: z.array(TOKEN) });

/** There is no answer, and the next attempt would come to the same. */
const FAILED = z.object({ key: z.string(), messages, failure: z.string() });

export const SHIFT_ROW = z.union([SHIFTED, FAILED]);

/** A line of `shift.jsonl`. */
export type ShiftRow = ShiftedRow | z.infer<typeof FAILED>;

export type ShiftedRow = z.infer<typeof SHIFTED>;

export type TokenRow = z.infer<typeof TOKEN>;

/** What a reader makes use of; more would be the noise of 32-bit numbers. */
const DIGITS = 6;

export function shiftedRow(key: string, turns: readonly Turn[], { text, isCut, tokens }: ShiftedAnswer): ShiftedRow {
  return { key, messages: messagesOf(answered(turns, text)), end: isCut ? "length" : "stop", tokens: tokens.map(tokenRow) };
}

export function messagesOf(turns: readonly Turn[]): ShiftRow["messages"] {
  return turns.map(({ role, text }) => ({ role, content: text }));
}

function tokenRow({ token, text, rank, probability: { base, aligned }, favouriteText, divergence }: ShiftedToken): TokenRow {
  const kl = Number.isFinite(divergence) ? rounded(divergence) : null;
  return { token, text, rank, base: rounded(base), aligned: rounded(aligned), favourite: favouriteText, kl };
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
