import type { Node } from "./tree.ts";

/** v = (v n + share x value) / (n + share), n = n + share. A visit's own share is 1. */
export function credit(node: Node, value: number, share: number): void {
  node.value = (node.value * node.weight + value * share) / (node.weight + share);
  node.weight += share;
}
