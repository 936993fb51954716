import { sampleMany } from "../decoding.ts";
import type { Continuation, Sampling } from "../engine.ts";
import { deriveSeed } from "../sampler.ts";
import { isCheckDue } from "../schedule.ts";
import { contrasted } from "./contrast.ts";
import { addJudged, type Span, tokensOf } from "./evaluate.ts";
import { isSameTokenSet, tokenSetLength } from "./expand.ts";
import { answerAt, type Node, type Search } from "./tree.ts";

/** A longer search draws no wider rounds: its tokens are bounded, and so is what waits for them. */
const MOST_DOUBLINGS = 4;

/**
 * One round of the search behind a flag. It expands, simulates and evaluates all its candidates together, three batches in
 * all, since a batch is little dearer than its longest member. A candidate opens with a token set drawn more freely than the
 * draft, a longer one in each round, and goes on to the next check with the user's own sampler. Most flags are answered by the
 * first few candidates; each further round, where they were not, has twice as many. With
 * `explore: "contrast"` every other round is drawn in another way, from the first one on.
 *
 * @returns the new children of `node`: candidates that were there already are left out
 */
export async function explore(node: Node, round: number, search: Search): Promise<readonly Node[]> {
  const seeds = Array.from({ length: candidatesOf(round, search) }, () => nextSeed(search));
  // To a model that does not know what the affixes mean, a contrast says nothing: then the rounds between find something.
  const isContrast = search.generation.settings.explore === "contrast" && round % 2 === 0;
  const spans = isContrast ? await contrasted(node, seeds, search) : await resampled(node, { round, seeds }, search);
  const known = node.children.map(({ tokens }) => tokens);
  const fresh = spans.filter((span, index) => {
    const others = [...known, ...spans.slice(0, index).map(tokensOf)];
    return span.length > 0 && !others.some((tokens) => isSameTokenSet(tokens, tokensOf(span)));
  });
  return await addJudged(node, fresh, search);
}

function candidatesOf(round: number, { generation }: Search): number {
  return generation.settings.candidates * 2 ** Math.min(round, MOST_DOUBLINGS);
}

/** What a round draws, and by which seeds: one a candidate. */
interface Drawn {
  readonly round: number;
  readonly seeds: readonly number[];
}

async function resampled(node: Node, drawn: Drawn, search: Search): Promise<Span[]> {
  return await writeOn(node, await open(node, drawn, search), search);
}

async function open(node: Node, { round, seeds }: Drawn, search: Search): Promise<Span[]> {
  const { generation } = search;
  const { exploreTemperature, childTopK, tokenSetLengths, format } = generation.settings;
  // Most of what a text under a format begins with is given by the format: a token set would hold no choice.
  const length = format !== undefined && round > 0 ? generation.ending.limit : tokenSetLength(round, tokenSetLengths);
  const continuations = seeds.map((seed) => {
    const sampling = { temperature: exploreTemperature, topK: childTopK, topP: 1, seed };
    const { maxTokens, ...continuation } = toNextCheck(node, [], { sampling, search });
    return { ...continuation, maxTokens: Math.min(length, maxTokens) };
  });
  const openings = await sampleMany(generation.engine, continuations, generation.call("expand"));
  generation.drawn += openings.flat().length;
  return openings;
}

async function writeOn(node: Node, openings: readonly Span[], search: Search): Promise<Span[]> {
  const { generation } = search;
  const answer = answerAt(node, search);
  const isDone = (opening: Span) => opening.length === 0 || isCheckDue(tokensOf(opening), answer, generation);
  const unfinished = openings.filter((opening) => !isDone(opening));
  const continuations = unfinished.map((opening) =>
    toNextCheck(node, opening, { sampling: generation.sampling(nextSeed(search)), search }),
  );
  const rests = continuations.length === 0 ? [] : await sampleMany(generation.engine, continuations, generation.call("simulate"));
  generation.drawn += rests.flat().length;
  return openings.map((opening) => [...opening, ...(rests[unfinished.indexOf(opening)] ?? [])]);
}

function toNextCheck(node: Node, opening: Span, { sampling, search }: { sampling: Sampling; search: Search }): Continuation {
  const { generation } = search;
  const answer = answerAt(node, search);
  const opened = tokensOf(opening);
  return {
    ...generation.constraints,
    prefix: [...generation.prompt, ...answer, ...opened],
    sampling,
    maxTokens: generation.ending.limit - answer.length - opened.length,
    until: (tokens) => isCheckDue([...opened, ...tokens], answer, generation),
  };
}

function nextSeed(search: Search): number {
  return deriveSeed(search.generation.settings.seed, search.draws++);
}
