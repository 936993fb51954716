import { addChild, createRoot, type Node } from "../../src/core/search/tree.ts";

/** A parent with one child for each of these changes. */
export function family(...children: readonly Partial<Node>[]): Node {
  const parent = createRoot();
  for (const [index, child] of children.entries())
    Object.assign(addChild(parent, { tokens: [index], logProbability: 0, isOver: false }), child);
  return parent;
}
