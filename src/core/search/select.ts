import type { Node } from "./tree.ts";

export interface Selecting {
  /** The paper's c. */
  readonly cPuct: number;
  /** One range for the whole answer. The published code leaves nodes on the range of an older root after a commit. */
  readonly range: ValueRange;
}

/** From the root always on to the child with the greatest `puct`, the first of equals, down to a leaf. */
export function select(root: Node, selecting: Selecting): Node {
  let node = root;
  for (let next = promising(node, selecting); next !== undefined; next = promising(node, selecting)) node = next;
  return node;
}

/** What we know of a child plus how much we still want to know. */
export function puct(child: Node, parentWeight: number, { cPuct, range }: Selecting): number {
  const exploitation = child.visits === 0 ? 0 : range.normalise(child.value);
  const exploration = (cPuct * child.prior * Math.sqrt(parentWeight)) / (1 + child.weight);
  return exploitation + exploration;
}

function promising(node: Node, selecting: Selecting): Node | undefined {
  let best: Node | undefined;
  let highest = Number.NEGATIVE_INFINITY;
  for (const child of node.children) {
    const promise = puct(child, node.weight, selecting);
    if (promise > highest) [best, highest] = [child, promise];
  }
  return best;
}

/** The lowest and the highest value of any node so far: select compares values on this scale. */
export class ValueRange {
  #low = Number.POSITIVE_INFINITY;
  #high = Number.NEGATIVE_INFINITY;

  /** Widens the range so that it holds `value`. */
  include(value: number): void {
    this.#low = Math.min(this.#low, value);
    this.#high = Math.max(this.#high, value);
  }

  /** Where `value` stands between the lowest (0) and the highest (1). While these are the same, the value itself. */
  normalise(value: number): number {
    return this.#high > this.#low ? (value - this.#low) / (this.#high - this.#low) : value;
  }
}
