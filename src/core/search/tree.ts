import type { Token } from "../engine.ts";
import type { JudgedGeneration } from "../judge/judged-generation.ts";
import type { Verdict } from "../judge/verdict.ts";
import type { ValueRange } from "./select.ts";

/** What the judge found when a node was its own leaf. */
export interface LeafOutcome extends Verdict {
  /** The tokens that were simulated behind the node so that it could be judged; they are in no answer. */
  readonly simulated: readonly Token[];
}

/** A text that the answer may become: all token sets on the way from the root, and its own. */
export interface Node {
  /** The paper's action: the token set that leads here from the parent. Empty at the first root. */
  readonly tokens: readonly Token[];
  /** Token sets from the beginning of the answer to here, the committed ones included. */
  readonly depth: number;
  /** Whether nothing may follow: end token, stop string or length limit. */
  readonly isOver: boolean;
  /** Logarithm of the probability of `tokens` behind the parent, up to a constant that siblings share. */
  readonly logProbability: number;
  /** `undefined` for the root. A commit makes the child the root. */
  parent: Node | undefined;
  readonly children: Node[];
  /** The paper's p: this child's share of its siblings' probability. Siblings sum to 1. */
  prior: number;
  /** The paper's n: visits plus credit from similar siblings. */
  weight: number;
  /** How often a value was backed up through here. A whole number. */
  visits: number;
  /** How many of these visits ended here; the others went on to a child. */
  evaluations: number;
  /** The paper's v: weighted mean of all values below. Range [-1, 1]; 0 before the first visit. */
  value: number;
  /** The paper's e: running mean of the embeddings of the texts below. `undefined` before the first visit. */
  embedding: readonly number[] | undefined;
  /** `undefined` before the first evaluation. */
  outcome: LeafOutcome | undefined;
}

/** What a child is when it is drawn. */
export type Child = Pick<Node, "tokens" | "isOver" | "logProbability">;

export function createRoot(): Node {
  return create({ tokens: [], isOver: false, logProbability: 0 }, undefined);
}

/** Gives `parent` one more child; its prior is still to be assigned. */
export function addChild(parent: Node, child: Child): Node {
  const node = create(child, parent);
  parent.children.push(node);
  return node;
}

/** The node itself, its parent, and so on to the root. */
export function* ancestors(node: Node): Generator<Node, void, void> {
  for (let current: Node | undefined = node; current !== undefined; current = current.parent) yield current;
}

/** All tokens from the root to the node. The root's own are committed already and are not among them. */
export function tokensBelowRoot(node: Node): readonly Token[] {
  return [...ancestors(node)]
    .filter(({ parent }) => parent !== undefined)
    .toReversed()
    .flatMap(({ tokens }) => tokens);
}

/**
 * Priors proportional to the children's probabilities, mixed with equal shares: (1 - smoothing) p + smoothing / k.
 * The published code keeps the bare probabilities, whose sum depends on which continuations happened to be drawn.
 */
export function assignPriors(node: Node, smoothing: number): void {
  const likeliest = Math.max(...node.children.map(({ logProbability }) => logProbability));
  const shares = node.children.map(({ logProbability }) => Math.exp(logProbability - likeliest));
  const total = shares.reduce((sum, share) => sum + share, 0);
  node.children.forEach((child, index) => {
    child.prior = (1 - smoothing) * ((shares[index] as number) / total) + smoothing / node.children.length;
  });
}

/** Makes a child the root. It keeps its subtree; its siblings are let go. */
export function reroot(child: Node, rootSmoothing: number): Node {
  child.parent = undefined;
  assignPriors(child, rootSmoothing);
  return child;
}

function create({ tokens, isOver, logProbability }: Child, parent: Node | undefined): Node {
  return {
    tokens,
    depth: parent === undefined ? 0 : parent.depth + 1,
    isOver,
    logProbability,
    parent,
    children: [],
    prior: 1,
    weight: 0,
    visits: 0,
    evaluations: 0,
    value: 0,
    embedding: undefined,
    outcome: undefined,
  };
}

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
