import type { Continuation, Sampling } from "../engine/engine.ts";
import { deriveSeed } from "../random.ts";
import { answerAt, type Search } from "./search-state.ts";
import { isSameTokenSet, tokenSetLength } from "./token-set.ts";
import { addChild, assignPriors, type Node } from "./tree.ts";

/** Gives a leaf its children: the greedy continuation and sampled ones, decoded as one batch, each different one once. */
export async function expand(leaf: Node, search: Search): Promise<void> {
  const { childTemperature, children } = search.writing.settings;
  const temperatures = Array.from({ length: children }, (_, index) => (index === 0 ? 0 : childTemperature));
  await draw(leaf, temperatures, search);
}

/** Draws one more child. It may turn out to be one that is there already. */
export async function expandByOne(node: Node, search: Search): Promise<void> {
  await draw(node, [search.writing.settings.childTemperature], search);
}

async function draw(node: Node, temperatures: readonly number[], search: Search): Promise<void> {
  const { writing } = search;
  const answer = answerAt(node, search);
  const continuations = temperatures.map((temperature) => continuation(node, temperature, search));
  const drawn = await writing.engine.sampleMany(continuations, writing.call("expand"));
  for (const sampled of drawn) {
    const tokens = sampled.map(({ token }) => token);
    const logProbability = sampled.reduce((sum, { probability }) => sum + Math.log(probability), 0);
    writing.drawn += tokens.length;
    if (tokens.length === 0 || node.children.some((child) => isSameTokenSet(child.tokens, tokens))) continue;
    addChild(node, { tokens, logProbability, isOver: writing.ending.isOver([...answer, ...tokens]) });
  }
  assignPriors(node, node.parent === undefined ? writing.settings.rootSmoothing : 0);
}

function continuation(node: Node, temperature: number, search: Search): Continuation {
  const { prompt, ending, settings } = search.writing;
  const answer = answerAt(node, search);
  const sampling: Sampling = { temperature, topK: settings.childTopK, topP: 1, seed: deriveSeed(settings.seed, search.draws++) };
  return {
    prefix: [...prompt, ...answer],
    sampling,
    maxTokens: Math.min(tokenSetLength(node.depth, settings.tokenSetLengths), ending.limit - answer.length),
    until: (tokens) => ending.isOver([...answer, ...tokens]),
  };
}
