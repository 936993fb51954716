import type { Token } from "../engine.ts";
import { hear } from "../judge/judged-generation.ts";
import type { Verdict } from "../judge/verdict.ts";
import { answerAt, type Search } from "./search-state.ts";
import type { LeafOutcome, Node } from "./tree.ts";

/** Asks the judge about a leaf's text, with what was simulated behind it. */
export async function evaluate(leaf: Node, simulated: readonly Token[], search: Search): Promise<LeafOutcome> {
  const { ending } = search.generation;
  const written = [...answerAt(leaf, search), ...simulated];
  const [{ value, byOrder }] = (await hear([ending.readable(written)], search, [ending.isOver(written)])) as [Verdict];
  return { value, byOrder, simulated };
}
