import type { SampledToken, Token } from "../engine.ts";
import { verdictsOn } from "../judge/judged-generation.ts";
import type { Verdict } from "../judge/verdict.ts";
import { backup } from "./backup.ts";
import { addChild, answerAt, assignPriors, type LeafOutcome, type Node, type Search } from "./tree.ts";

/** Asks the judge about a leaf's text, with what was simulated behind it. */
export async function evaluate(leaf: Node, simulated: readonly Token[], search: Search): Promise<LeafOutcome> {
  const [verdict] = (await verdictsOn([[...answerAt(leaf, search), ...simulated]], search)) as [Verdict];
  return { ...verdict, simulated };
}

/** Tokens as they were drawn, from one check to the next. */
export type Span = readonly SampledToken[];

export function tokensOf(span: Span): readonly Token[] {
  return span.map(({ token }) => token);
}

/** Gives a node these spans as children, evaluated in one batch and backed up. */
export async function addJudged(parent: Node, spans: readonly Span[], search: Search): Promise<readonly Node[]> {
  const { ending, settings } = search.generation;
  const answer = answerAt(parent, search);
  const verdicts = await verdictsOf(parent, spans, search);
  const children = spans.map((span, index) => {
    const tokens = tokensOf(span);
    const logProbability = span.reduce((sum, { probability }) => sum + Math.log(probability), 0);
    const child = addChild(parent, { tokens, logProbability, isOver: ending.isOver([...answer, ...tokens]) });
    const verdict = verdicts[index] as Verdict;
    child.outcome = { ...verdict, simulated: [] };
    backup(child, { value: verdict.value, embeddings: [], range: search.range }, settings);
    return child;
  });
  // Selection does not use these priors: `onTree` reports them.
  if (children.length > 0) assignPriors(parent, 0);
  return children;
}

/** What would be read is judged; where that is the parent's text, as behind a bare end token, what was found of it still holds. */
async function verdictsOf(parent: Node, spans: readonly Span[], search: Search): Promise<Verdict[]> {
  const { ending } = search.generation;
  const answer = answerAt(parent, search);
  const texts = spans.map((span) => {
    const written = [...answer, ...tokensOf(span)];
    // Nor does it hold where a beginning turns out to be the whole: of that, more is asked.
    const isKnown = !ending.isOver(written) && ending.readable(written).length === answer.length;
    return { written, known: isKnown ? parent.outcome : undefined };
  });
  const asked = texts.filter(({ known }) => known === undefined).map(({ written }) => written);
  const verdicts = asked.length === 0 ? [] : await verdictsOn(asked, search);
  return texts.map(({ known }) => known ?? (verdicts.shift() as Verdict));
}
