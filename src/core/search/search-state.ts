import type { Token } from "../engine.ts";
import type { JudgedGeneration } from "../judge/judged-generation.ts";
import { type Node, tokensBelowRoot } from "./tree.ts";
import type { ValueRange } from "./value-range.ts";

/** What all passes of all searches of one answer share. */
export interface Search extends JudgedGeneration {
  readonly range: ValueRange;
  /** Random draws so far: each has a seed of its own, the same in every run. */
  draws: number;
}

/** The whole answer that a node stands for, in tokens. */
export function answerAt(node: Node, { generation }: Search): readonly Token[] {
  return [...generation.committed, ...tokensBelowRoot(node)];
}
