import type { Token } from "../engine.ts";
import type { Hearing } from "../judge/hearing.ts";
import { type Node, tokensBelowRoot } from "./tree.ts";
import type { ValueRange } from "./value-range.ts";

/** What all passes of all searches of one answer share. */
export interface Search extends Hearing {
  readonly range: ValueRange;
  /** Random draws so far: each has a seed of its own, the same in every run. */
  draws: number;
}

/** The whole answer that a node stands for, in tokens. */
export function answerAt(node: Node, { writing }: Search): readonly Token[] {
  return [...writing.committed, ...tokensBelowRoot(node)];
}
