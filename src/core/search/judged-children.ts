import type { SampledToken, Token } from "../engine.ts";
import { hear } from "../judge/judged-generation.ts";
import type { Verdict } from "../judge/verdict.ts";
import { backup } from "./backup.ts";
import { answerAt, type Search } from "./search-state.ts";
import { addChild, assignPriors, type Node } from "./tree.ts";

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
    const { value, byOrder } = verdicts[index] as Verdict;
    child.outcome = { value, byOrder, simulated: [] };
    backup(child, { value, embeddings: [], range: search.range }, settings);
    return child;
  });
  // Nothing is selected by it here: whoever looks at the tree wants to see how likely each was.
  if (children.length > 0) assignPriors(parent, 0);
  return children;
}

/** What would be read is judged; where that is the parent's text, as behind a bare end token, what was found of it still holds. */
async function verdictsOf(parent: Node, spans: readonly Span[], search: Search): Promise<Verdict[]> {
  const answer = answerAt(parent, search);
  const texts = spans.map((span) => search.generation.ending.readable([...answer, ...tokensOf(span)]));
  const isWhole = spans.map((span) => search.generation.ending.isOver([...answer, ...tokensOf(span)]));
  // Nor does it hold where a beginning turns out to be the whole: of that, more is asked.
  const isNews = texts.map((text, index) => parent.outcome === undefined || text.length !== answer.length || isWhole[index] === true);
  const news = texts.filter((_, index) => isNews[index]);
  const verdicts =
    news.length === 0
      ? []
      : await hear(
          news,
          search,
          isWhole.filter((_, index) => isNews[index]),
        );
  return texts.map((_, index) => (isNews[index] ? verdicts.shift() : parent.outcome) as Verdict);
}
