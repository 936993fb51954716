import type { Settings } from "../options.ts";
import { norm, variance } from "./embedding.ts";
import { expandByOne } from "./expand.ts";
import { ancestors, type Node, type Search } from "./tree.ts";

export type Addition = Pick<Settings, "additionVariance" | "additionValue" | "additionMaxChildren">;

/** Dynamic node addition: on the way just visited, nodes whose children are all bad and all alike are given one more. */
export async function addNodes(leaf: Node, search: Search): Promise<void> {
  for (const node of ancestors(leaf)) {
    if (needsAnotherChild(node, search.generation.settings)) await expandByOne(node, search);
  }
}

/** Whether more of the same would not help: every child was tried, all are bad, and hardly differ. */
export function needsAnotherChild({ children }: Node, { additionVariance, additionValue, additionMaxChildren }: Addition): boolean {
  if (children.length === 0 || children.length >= additionMaxChildren) return false;
  if (children.some(({ visits, value }) => visits === 0 || value >= additionValue)) return false;
  const longest = Math.max(...children.map(({ tokens }) => tokens.length));
  return norm(variance(children.map(({ embedding }) => embedding ?? []))) < additionVariance * longest;
}
