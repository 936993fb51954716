import { type Engine, type RainOptions, type RainStep, rain, type SearchedNode } from "rain-align";
import { ASK } from "./scripted-world.ts";

/** The first steps of an answer in `paper` mode, and with each the tree as it was when the answer went on. */
export interface SearchedSteps {
  readonly trees: readonly SearchedNode[];
  readonly steps: readonly RainStep[];
}

/** @param most how many steps */
export async function searchedSteps(engine: Engine, options: RainOptions = {}, most = 1): Promise<SearchedSteps> {
  const [trees, steps]: [SearchedNode[], RainStep[]] = [[], []];
  const watching: RainOptions = { mode: "paper", judging: "preamble", revealDiscarded: true, onTree: ({ root }) => trees.push(root) };
  for await (const step of rain(engine, ASK, { ...watching, ...options })) {
    steps.push(step);
    if (steps.length === most) break;
  }
  return { trees, steps };
}

/** The tree of the first step after so many passes of the inner loop, two at least: whatever they find, it is not good enough. */
export async function treeAfter(passes: number, engine: Engine, options: RainOptions = {}): Promise<SearchedNode> {
  const { trees } = await searchedSteps(engine, { maxIterations: passes, carriedIterations: 1, valueThreshold: 1, ...options });
  return trees[0] as SearchedNode;
}

/** All nodes of a tree, parents first. */
export function everyNode(root: SearchedNode): SearchedNode[] {
  return [root, ...root.children.flatMap(everyNode)];
}
