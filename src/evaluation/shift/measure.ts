import { type Engine, EngineError, Meter, RainError, type Turn } from "../../core/index.ts";
import type { Journal } from "../run/journal.ts";
import type { Model } from "../run/plan.ts";
import { during, type Progress } from "../run/progress.ts";
import { keyOf } from "../run/rows.ts";
import type { Pair } from "./layout.ts";
import { messagesOf, type ShiftRow, shiftedRow } from "./rows.ts";
import { type ShiftOptions, shiftedAnswer } from "./shifted-answer.ts";

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
