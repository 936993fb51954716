import type { Token } from "../engine.ts";
import type { Verdict } from "../judge/verdict.ts";
import { ancestors, answerAt, type Node, type Search } from "./tree.ts";

/** A node as it was when the answer went on: plain data. */
export interface SearchedNode {
  /** What it adds to its parent's text. Of what was left only with `revealDiscarded`. */
  readonly text: string | undefined;
  /** Length of that, in tokens. */
  readonly tokens: number;
  /** Whether the answer goes on with it. */
  readonly isTaken: boolean;
  /** The paper's p. Siblings sum to 1. */
  readonly prior: number;
  /** The paper's n: visits plus credit from similar siblings. */
  readonly weight: number;
  readonly visits: number;
  /** The paper's v: the weighted mean of all values below. -1 (bad) to 1 (good). */
  readonly value: number;
  /** What the judge thought when this was the last node of a text; `undefined` where it never was. */
  readonly judged: Verdict | undefined;
  /** What was written behind it so that it could be judged, and is in no answer; only with `revealDiscarded`. */
  readonly simulated: string | undefined;
  readonly children: readonly SearchedNode[];
}

/** What was tried before the answer went on. */
export interface SearchedTree {
  /** Length of the answer before it, in tokens. */
  readonly committed: number;
  /** Tokens computed until now, but for the prompt. */
  readonly forward: number;
  readonly root: SearchedNode;
}

/** @param taken where the answer goes on; `undefined`: nowhere, nothing is good enough */
export function tellTree(root: Node, taken: Node | undefined, search: Search): void {
  const { committed, meter, settings } = search.generation;
  if (settings.onTree === undefined) return;
  const path = new Set(taken === undefined ? [] : ancestors(taken));
  settings.onTree({ committed: committed.length, forward: meter.forward, root: recorded(root, path, search) });
}

function recorded(node: Node, path: ReadonlySet<Node>, search: Search): SearchedNode {
  const { prior, weight, visits, value, outcome, tokens } = node;
  const isTaken = path.has(node);
  const { revealDiscarded } = search.generation.settings;
  const until = answerAt(node, search);
  const before = until.slice(0, until.length - (node.parent === undefined ? 0 : tokens.length));
  const simulated = outcome?.simulated ?? [];
  return {
    text: isTaken || revealDiscarded ? textOf(node.parent === undefined ? [] : tokens, before, search) : undefined,
    tokens: node.parent === undefined ? 0 : tokens.length,
    isTaken,
    prior,
    weight,
    visits,
    value,
    judged: outcome === undefined ? undefined : { value: outcome.value, byOrder: outcome.byOrder },
    simulated: revealDiscarded && simulated.length > 0 ? textOf(simulated, until, search) : undefined,
    children: node.children.map((child) => recorded(child, path, search)),
  };
}

function textOf(tokens: readonly Token[], before: readonly Token[], { generation }: Search): string {
  const readable = generation.ending.readable([...before, ...tokens]).slice(before.length);
  return generation.engine.tokenizer.detokenize(readable, [...generation.prompt, ...before]);
}

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
