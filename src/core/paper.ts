import type { Answering } from "./answer.ts";
import type { Engine, Turn } from "./engine/engine.ts";
import { ContextFullError } from "./errors.ts";
import { Judge } from "./judge/judge.ts";
import type { Settings } from "./options.ts";
import { findStep, type Step } from "./search/search.ts";
import type { Search } from "./search/search-state.ts";
import { createRoot, type Node, reroot } from "./search/tree.ts";
import { ValueRange } from "./search/value-range.ts";
import { Writing } from "./writing.ts";

/**
 * RAIN as published: every token set is searched for, whether or not anything is wrong. It always commits the best that
 * it found, even if that is bad: the paper knows no refusal. `docs/paper-differences.md` lists where paper and code differ.
 */
export async function* paper(engine: Engine, turns: readonly Turn[], settings: Settings): Answering {
  const writing = new Writing(engine, turns, settings);
  const judge = new Judge(engine, settings.principle, settings);
  const search: Search = { writing, judge, conversation: judge.conversation(turns), range: new ValueRange(), draws: 0 };
  await writing.prime();
  await judge.prime(search.conversation, writing.call("prompt"));

  let root = createRoot();
  while (!writing.isOver) {
    const step = await findStepWhileItFits(root, search);
    if (step === undefined) break;
    const { best, rewinds } = step;
    yield writing.commit(best.tokens, { value: best.value, visits: best.visits, rewinds });
    root = reroot(best, settings.rootSmoothing);
  }
  const rest = writing.release();
  if (rest !== undefined) yield rest;
  return writing.conclude();
}

/** When the context is full in the middle of an answer, the answer ends there; what was committed stays. */
async function findStepWhileItFits(root: Node, search: Search): Promise<Step | undefined> {
  try {
    return await findStep(root, search);
  } catch (error) {
    if (error instanceof ContextFullError && search.writing.committed.length > 0) return undefined;
    throw error;
  }
}
