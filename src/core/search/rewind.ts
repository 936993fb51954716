import { answerAt, type Search } from "./search-state.ts";
import type { Node } from "./tree.ts";

/** Where a rewind leads. */
interface Rewind {
  readonly to: Node;
  /** Which rewind this is behind the same commit, from 1. */
  readonly iteration: number;
}

/** Reports that a judged leaf was left, to go back to one of its ancestors. */
export function tellRewind(leaf: Node, { to, iteration }: Rewind, search: Search): void {
  const { engine, ending, prompt, settings } = search.generation;
  const kept = answerAt(to, search);
  const tried = ending.readable([...answerAt(leaf, search), ...(leaf.outcome?.simulated ?? [])]).slice(kept.length);
  settings.onEvent({
    type: "rewind",
    committed: kept.length,
    iteration,
    value: leaf.outcome?.value ?? 0,
    ...(settings.revealDiscarded ? { discarded: engine.tokenizer.detokenize(tried, [...prompt, ...kept]) } : {}),
  });
}
