import type { Answering } from "./answer.ts";
import { sampleMany } from "./decoding.ts";
import type { Engine, Turn } from "./engine.ts";
import { hear, startGeneration } from "./judge/judged-generation.ts";
import type { AnswerJudge } from "./judge/verdict.ts";
import type { Settings } from "./options.ts";
import { deriveSeed } from "./random.ts";

/**
 * Whole drafts, decoded as one batch and judged as another; the one with the best value wins, the first of equals. For
 * comparison: the paper's strongest simple rival. The first draft is the plain answer of the same seed.
 */
export async function* bestOfN(engine: Engine, turns: readonly Turn[], settings: Settings, judge: AnswerJudge): Answering {
  const judged = await startGeneration(judge, { engine, turns, settings });
  const { generation } = judged;
  const seeds = Array.from({ length: settings.bestOf }, (_, index) => (index === 0 ? settings.seed : deriveSeed(settings.seed, index)));
  const sampled = await sampleMany(
    engine,
    seeds.map((seed) => generation.draft(seed)),
    generation.call("draft"),
  );
  const drafts = sampled.map((draft) => draft.map(({ token }) => token));
  generation.drawn = drafts.flat().length;

  const readable = drafts.map((draft) => generation.ending.readable(draft));
  const values = (
    await hear(
      readable,
      judged,
      readable.map(() => true),
    )
  ).map(({ value }) => value);
  const best = values.indexOf(Math.max(...values));
  yield generation.commit(drafts[best] ?? [], { value: values[best], visits: 0, rewinds: 0 });
  return generation.conclude();
}
