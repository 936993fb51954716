import { DEFAULTS } from "../../src/core/check-options.ts";
import type { Engine, Turn } from "../../src/core/engine.ts";
import { Generation } from "../../src/core/generation.ts";
import { Judge } from "../../src/core/judge/judge.ts";
import type { RainOptions } from "../../src/core/options.ts";
import { ValueRange } from "../../src/core/search/select.ts";
import { addChild, createRoot, type Node, type Search } from "../../src/core/search/tree.ts";
import { promptOf } from "../../src/prompting/index.ts";

/** A search at its start, with an empty answer. */
export function searchOf(engine: Engine, turns: readonly Turn[], options: RainOptions = {}): Search {
  const settings = { ...DEFAULTS, ...options };
  const judge = new Judge(engine, settings.principle, settings);
  return {
    generation: new Generation({ engine, turns, settings, promptOf }),
    judge,
    conversation: judge.conversation(turns),
    range: new ValueRange(),
    draws: 0,
  };
}

/** A parent with one child for each of these changes. */
export function family(...children: readonly Partial<Node>[]): Node {
  const parent = createRoot();
  for (const [index, child] of children.entries())
    Object.assign(addChild(parent, { tokens: [index], logProbability: 0, isOver: false }), child);
  return parent;
}

/** All nodes of a tree, parents first. */
export function everyNode(root: Node): Node[] {
  return [root, ...root.children.flatMap(everyNode)];
}
