import type { Prefix, Token } from "../engine/engine.ts";
import type { AnswerJudge } from "../judge/opinion.ts";
import type { Writing } from "../writing.ts";
import { type Node, tokensBelowRoot } from "./tree.ts";
import type { ValueRange } from "./value-range.ts";

/** What all passes of all searches of one answer share. */
export interface Search {
  readonly writing: Writing;
  readonly judge: AnswerJudge;
  /** The prefix under which the judge reads the answer. */
  readonly conversation: Prefix;
  readonly range: ValueRange;
  /** Random draws so far: each has a seed of its own, the same in every run. */
  draws: number;
}

/** The whole answer that a node stands for, in tokens. */
export function answerAt(node: Node, { writing }: Search): readonly Token[] {
  return [...writing.committed, ...tokensBelowRoot(node)];
}
