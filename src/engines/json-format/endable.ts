import type { Node } from "./grammar.ts";

/**
 * Takes out all choices that lead to no end, such as a node of a list that must contain a node: a text that took one could never
 * be completed. Gives `false` if nothing else is left of the whole.
 */
export function keepEndable(root: Node): boolean {
  const nodes = everyNode(root);
  const endable = new Set<Node>();
  for (let known = -1; known < endable.size; ) {
    known = endable.size;
    for (const node of nodes) if (isEndable(node, endable)) endable.add(node);
  }
  for (const node of nodes) {
    if (node.kind === "choice") node.options = node.options.filter((option) => endable.has(option));
    if (node.kind === "repeat" && !endable.has(node.item)) node.most = 0;
  }
  return endable.has(root);
}

function isEndable(node: Node, endable: ReadonlySet<Node>): boolean {
  switch (node.kind) {
    case "piece":
      return true;
    case "sequence":
      return node.items.every((item) => endable.has(item));
    case "choice":
      return node.options.some((option) => endable.has(option));
    case "repeat":
      return node.least === 0 || endable.has(node.item);
    case "reference":
      return node.target !== undefined && endable.has(node.target);
    default:
      return node satisfies never;
  }
}

function everyNode(root: Node): ReadonlySet<Node> {
  const found = new Set<Node>([root]);
  for (const node of found) for (const part of partsOf(node)) found.add(part);
  return found;
}

function partsOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case "piece":
      return [];
    case "sequence":
      return node.items;
    case "choice":
      return node.options;
    case "repeat":
      return [node.item];
    case "reference":
      return node.target === undefined ? [] : [node.target];
    default:
      return node satisfies never;
  }
}
