import type { Answering } from "./answer.ts";
import { generate, sampleMany } from "./decoding.ts";
import { Generation, type GenerationRequest } from "./generation.ts";
import { startGeneration, verdictsOn } from "./judge/judged-generation.ts";
import type { AnswerJudge } from "./judge/verdict.ts";
import { deriveSeed } from "./sampler.ts";

/** Plain decoding, for comparison: unjudged. One step a token. */
export async function* vanilla(request: GenerationRequest): Answering {
  const { engine, settings } = request;
  const generation = new Generation(request);
  await generation.prime();
  for await (const { token } of generate(engine, generation.draft(settings.seed), generation.call("draft"))) {
    generation.drawn++;
    yield generation.commit([token], { value: undefined, visits: 0, rewinds: 0 });
  }
  return generation.conclude();
}

/**
 * Whole drafts, decoded as one batch and judged as another; the one with the best value wins, the first of equals. For
 * comparison: the paper's strongest simple rival. The first draft is the plain answer of the same seed, but for last digits (`Engine.next`).
 */
export async function* bestOfN(request: GenerationRequest, judge: AnswerJudge): Answering {
  const { engine, settings } = request;
  const judged = await startGeneration(judge, request);
  const { generation } = judged;
  const seeds = Array.from({ length: settings.bestOf }, (_, index) => (index === 0 ? settings.seed : deriveSeed(settings.seed, index)));
  const sampled = await sampleMany(
    engine,
    seeds.map((seed) => generation.draft(seed)),
    generation.call("draft"),
  );
  const drafts = sampled.map((draft) => draft.map(({ token }) => token));
  generation.drawn = drafts.flat().length;

  const values = (await verdictsOn(drafts, judged)).map(({ value }) => value);
  const best = values.indexOf(Math.max(...values));
  yield generation.commit(drafts[best] ?? [], { value: values[best], visits: 0, rewinds: 0 });
  return generation.conclude();
}
