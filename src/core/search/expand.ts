import { likeliest, sampleMany } from "../decoding.ts";
import type { Continuation, SampledToken, Token } from "../engine.ts";
import { deriveSeed } from "../sampler.ts";
import { addChild, answerAt, assignPriors, type Child, type Node, type Search } from "./tree.ts";

/** A `topP` that only the likeliest token meets: a greedy continuation, whose probability is told at the temperature of the others. */
const GREEDY = Number.MIN_VALUE;

/**
 * Gives a leaf its children. Where a single token is chosen, these are the likeliest ones; where several are chosen together, the
 * greedy continuation and sampled ones, decoded as one batch. What is drawn twice is drawn again, up to `childDraws` in all.
 */
export async function expand(leaf: Node, search: Search): Promise<void> {
  const { children, childDraws } = search.generation.settings;
  if (lengthBelow(leaf, search) === 1) adopt(leaf, await likeliestChildren(leaf, children, search), search);
  else {
    const [greedy, ...sampled] = await drawNew(leaf, { wanted: children, draws: childDraws, isGreedyFirst: true }, search);
    adopt(leaf, greedy === undefined ? [] : [moderated(greedy, sampled), ...sampled], search);
  }
}

/** Gives a node one more child: the next likeliest token, or a continuation that is not there yet, if one is soon drawn. */
export async function expandByOne(node: Node, search: Search): Promise<void> {
  const isOneToken = lengthBelow(node, search) === 1;
  const found = isOneToken
    ? await likeliestChildren(node, node.children.length + 1, search)
    : await drawNew(node, { wanted: 1, draws: search.generation.settings.additionDraws, isGreedyFirst: false }, search);
  adopt(node, found, search);
}

/** Length of the token sets behind a node. */
function lengthBelow(node: Node, search: Search): number {
  const { ending, settings } = search.generation;
  return Math.min(tokenSetLength(node.depth, settings.tokenSetLengths), ending.limit - answerAt(node, search).length);
}

async function likeliestChildren(node: Node, count: number, search: Search): Promise<Child[]> {
  const { generation } = search;
  const lookahead = { ...generation.constraints, prefix: [...generation.prompt, ...answerAt(node, search)], count };
  const found = await likeliest(generation.engine, lookahead, generation.call("expand"));
  const temperature = generation.settings.childTemperature || 1;
  generation.drawn += found.length;
  // Shares of p^(1/T) are the probabilities at temperature T.
  const children = found.map(({ token, probability }) =>
    childOf(node, { tokens: [token], logProbability: Math.log(probability) / temperature }, search),
  );
  return children.filter((child) => !isKnown(child, node.children));
}

interface Wanted {
  readonly wanted: number;
  readonly draws: number;
  readonly isGreedyFirst: boolean;
}

/** Continuations that the node has not yet, each once, in the order in which they were drawn. */
async function drawNew(node: Node, { wanted, draws, isGreedyFirst }: Wanted, search: Search): Promise<Child[]> {
  const found: Child[] = [];
  for (let drawn = 0; drawn < draws && found.length < wanted; ) {
    const count = Math.min(draws - drawn, wanted - found.length);
    const topPs = Array.from({ length: count }, (_, index) => (isGreedyFirst && drawn + index === 0 ? GREEDY : 1));
    for (const child of await draw(node, topPs, search)) if (!isKnown(child, [...node.children, ...found])) found.push(child);
    drawn += count;
  }
  return found;
}

async function draw(node: Node, topPs: readonly number[], search: Search): Promise<Child[]> {
  const { generation } = search;
  const continuations = topPs.map((topP) => continuation(node, topP, search));
  const drawn = await sampleMany(generation.engine, continuations, generation.call("expand"));
  generation.drawn += drawn.flat().length;
  return drawn.filter(({ length }) => length > 0).map((sampled) => childOf(node, tokenSetOf(sampled), search));
}

function continuation(node: Node, topP: number, search: Search): Continuation {
  const { prompt, ending, settings, constraints } = search.generation;
  const answer = answerAt(node, search);
  return {
    ...constraints,
    prefix: [...prompt, ...answer],
    sampling: { temperature: settings.childTemperature, topK: settings.childTopK, topP, seed: deriveSeed(settings.seed, search.draws++) },
    maxTokens: lengthBelow(node, search),
    until: (tokens) => ending.isOver([...answer, ...tokens]),
  };
}

function tokenSetOf(sampled: readonly SampledToken[]): Pick<Child, "tokens" | "logProbability"> {
  return {
    tokens: sampled.map(({ token }) => token),
    logProbability: sampled.reduce((sum, { probability }) => sum + Math.log(probability), 0),
  };
}

function childOf(node: Node, tokenSet: Pick<Child, "tokens" | "logProbability">, search: Search): Child {
  return { ...tokenSet, isOver: search.generation.ending.isOver([...answerAt(node, search), ...tokenSet.tokens]) };
}

function isKnown({ tokens }: Child, children: readonly Child[]): boolean {
  return children.some((child) => isSameTokenSet(child.tokens, tokens));
}

/**
 * The greedy continuation with a probability of at most that of all others together, and at least that of the likeliest and
 * the unlikeliest of them: only in the published code, where it keeps one child from drawing all of the search to itself.
 */
function moderated(greedy: Child, others: readonly Child[]): Child {
  if (others.length === 0) return greedy;
  const logs = others.map(({ logProbability }) => logProbability);
  const highest = Math.max(...logs);
  const sumOf = (some: readonly number[]) => highest + Math.log(some.reduce((sum, log) => sum + Math.exp(log - highest), 0));
  const atMost = Math.min(greedy.logProbability, sumOf(logs));
  return { ...greedy, logProbability: Math.max(atMost, sumOf([highest, Math.min(...logs)])) };
}

function adopt(node: Node, children: readonly Child[], { generation }: Search): void {
  for (const child of children) addChild(node, child);
  if (node.children.length > 0) assignPriors(node, node.parent === undefined ? generation.settings.rootSmoothing : 0);
}

/**
 * How many tokens are chosen together behind `depth` token sets of the answer: few where its course is set, more later.
 * The last length holds for all that follow.
 */
export function tokenSetLength(depth: number, lengths: readonly number[]): number {
  return lengths[Math.min(depth, lengths.length - 1)] ?? 1;
}

export function isSameTokenSet(left: readonly Token[], right: readonly Token[]): boolean {
  return left.length === right.length && left.every((token, index) => token === right[index]);
}
