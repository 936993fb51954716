import { z } from "zod";
import { type Engine, EngineError, Meter, RainError, type Turn } from "../../core/index.ts";
import { answered, messagesOf } from "../questions.ts";
import type { Model } from "../run/answers.ts";
import { type Journal, keyOf } from "../run/journal.ts";
import { during, type Progress } from "../run/work.ts";
import { type Pair, type ShiftedAnswer, type ShiftedToken, type ShiftOptions, shiftedAnswer } from "./shifted-answer.ts";

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

/** What is to be measured. */
export interface ShiftPlan extends ShiftOptions {
  /** Conversations to be answered. One that came before is passed over. */
  readonly prompts: readonly (readonly Turn[])[];
  /** Of this package: another one may compute otherwise. */
  readonly version: string;
}

export interface ShiftWork {
  readonly models: Pair<Model>;
  /** Both are in memory at once: the divergence needs what both expect in each place. They have the same vocabulary. */
  readonly engines: Pair<Engine>;
  readonly journal: Journal<ShiftRow>;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Measures what the journal lacks, one answer after the other; all rows of the plan, in the order of its prompts. */
export async function measureShift(plan: ShiftPlan, work: ShiftWork): Promise<readonly ShiftRow[]> {
  const { journal, progress } = work;
  const turnsOf = new Map(plan.prompts.map((turns) => [keyFor(turns, plan, work), turns]));
  const missing = [...turnsOf].filter(([key]) => journal.get(key) === undefined);
  await during(progress, ["answers", turnsOf.size, turnsOf.size - missing.length], async () => {
    for (const [key, turns] of missing) {
      journal.append(await rowOf(key, turns, { ...plan, ...work }));
      progress.step();
    }
  });
  return [...turnsOf.keys()].flatMap((key) => journal.get(key) ?? []);
}

/** What fails for one conversation alone, as one that is longer than a context, is kept as that; what would fail for all ends the work. */
async function rowOf(
  key: string,
  turns: readonly Turn[],
  { engines, layout, maxTokens, signal }: ShiftOptions & ShiftWork,
): Promise<ShiftRow> {
  try {
    signal.throwIfAborted();
    return shiftedRow(key, turns, await shiftedAnswer(turns, engines, { layout, maxTokens, purpose: "draft", meter: new Meter(), signal }));
  } catch (error) {
    if (!(error instanceof RainError) || error instanceof EngineError) throw error;
    return { key, messages: messagesOf(turns), failure: error.message };
  }
}

function keyFor(turns: readonly Turn[], { layout, maxTokens, version }: ShiftPlan, { models, engines }: ShiftWork): string {
  const contexts = [engines.base.facts.contextSize, engines.aligned.facts.contextSize];
  return keyOf({ version, models, contexts, layout, maxTokens, turns });
}

/** What a reader makes use of; more would be the noise of 32-bit numbers. */
const DIGITS = 6;

function shiftedRow(key: string, turns: readonly Turn[], { text, isCut, tokens }: ShiftedAnswer): ShiftedRow {
  return { key, messages: messagesOf(answered(turns, text)), end: isCut ? "length" : "stop", tokens: tokens.map(tokenRow) };
}

function tokenRow({ token, text, rank, probability: { base, aligned }, favouriteText, divergence }: ShiftedToken): TokenRow {
  const kl = Number.isFinite(divergence) ? rounded(divergence) : null;
  return { token, text, rank, base: rounded(base), aligned: rounded(aligned), favourite: favouriteText, kl };
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
