import { sampleMany } from "../decoding.ts";
import type { Token } from "../engine.ts";
import { deriveSeed } from "../sampler.ts";
import { endsClause } from "../schedule.ts";
import { answerAt, type Node, type Search } from "./tree.ts";

/**
 * Goes on writing behind a leaf, with the user's own sampler, so that there is something to judge: to the next clause end,
 * or to the end of the answer if the principle looks that far. Nothing is written where the text ends there already.
 */
export async function simulate(leaf: Node, search: Search): Promise<readonly Token[]> {
  const { generation } = search;
  const { ending, engine, settings } = generation;
  const answer = answerAt(leaf, search);
  const prefix = [...generation.prompt, ...answer];
  const isFarEnough = (tokens: readonly Token[], before: readonly Token[]) =>
    generation.horizon === "clause" && endsClause(engine.tokenizer.detokenize(tokens, before));
  if (leaf.isOver || isFarEnough(leaf.tokens, prefix.slice(0, prefix.length - leaf.tokens.length))) return [];

  const [sampled = []] = await sampleMany(
    engine,
    [
      {
        ...generation.constraints,
        prefix,
        sampling: generation.sampling(deriveSeed(settings.seed, search.draws++)),
        maxTokens: Math.min(settings.maxSimulationTokens, ending.limit - answer.length),
        until: (tokens) => isFarEnough(tokens, prefix) || ending.isOver([...answer, ...tokens]),
      },
    ],
    generation.call("simulate"),
  );
  generation.drawn += sampled.length;
  return sampled.map(({ token }) => token);
}
