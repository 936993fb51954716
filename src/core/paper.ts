import type { Answering } from "./answer.ts";
import type { Engine, Turn } from "./engine.ts";
import { startGeneration } from "./judge/judged-generation.ts";
import type { AnswerJudge } from "./judge/verdict.ts";
import type { Settings } from "./options.ts";
import { findStep } from "./search/search.ts";
import type { Search } from "./search/search-state.ts";
import { tellTree } from "./search/searched-tree.ts";
import { createRoot, reroot } from "./search/tree.ts";
import { ValueRange } from "./search/value-range.ts";

/**
 * RAIN as published: every token set is searched for, whether or not anything is wrong. It always commits the best that
 * it found, even if that is bad: the paper knows no refusal. `docs/paper-differences.md` lists where paper and code differ.
 */
export async function* paper(engine: Engine, turns: readonly Turn[], settings: Settings, judge: AnswerJudge): Answering {
  const judged = await startGeneration(judge, { engine, turns, settings });
  const search: Search = { ...judged, range: new ValueRange(), draws: 0 };
  const { generation } = search;

  let root = createRoot();
  while (!generation.isOver) {
    const { best, rewinds } = await findStep(root, search);
    tellTree(root, best, search);
    yield generation.commit(best.tokens, { value: best.value, visits: best.visits, rewinds });
    root = reroot(best, settings.rootSmoothing);
  }
  return generation.conclude();
}
