import type { Answering } from "./answer.ts";
import { generate, sampleMany } from "./decoding.ts";
import type { Continuation, Token } from "./engine.ts";
import { Generation, type GenerationRequest } from "./generation.ts";
import { startGeneration, verdictsOn } from "./judge/judged-generation.ts";
import type { AnswerJudge } from "./judge/verdict.ts";
import type { Settings } from "./options.ts";
import { deriveSeed } from "./sampler.ts";

/**
 * Plain decoding, for comparison: unjudged. One step a token. Where something is asked of the whole text (`isValid`), the answer waits for that: what is
 * not valid is left and drawn anew, and where nothing valid is found the answer ends as an exhausted search does.
 */
export async function* vanilla(request: GenerationRequest): Answering {
  const generation = new Generation(request);
  const { engine, settings, committed } = generation;
  const waiting = generation.isChecked ? heldBack(settings) : 0;
  await generation.prime();
  let rewinds = 0;
  const commit = (token: Token) => {
    const step = generation.commit([token], { value: undefined, visits: 0, rewinds });
    rewinds = 0;
    return step;
  };
  for (let attempt = 0, redrawn = 0; ; attempt++) {
    const drawnBefore = generation.drawn;
    const held: Token[] = [];
    for await (const { token } of generate(engine, redraft(attempt, generation), generation.call("draft"))) {
      generation.drawn++;
      held.push(token);
      if (held.length > waiting) yield commit(held.shift() as Token);
    }
    if (attempt > 0) redrawn += generation.drawn - drawnBefore;
    if (!(await generation.isValid([...committed, ...held]))) {
      rewinds++;
      tellLeft(held, attempt + 1, generation);
      if (attempt < settings.retries && redrawn < settings.searchBudget) continue;
      if (!generation.takesFailed()) {
        yield generation.refuse(settings.refusal, rewinds);
        return generation.conclude();
      }
    }
    for (const token of held) yield commit(token);
    return generation.conclude();
  }
}

/** Tokens that wait for what is asked of the whole text: in steps as many as a judge would let wait, and no end of JSON before the token behind it. */
function heldBack({ format, maxCheckGap }: Settings): number {
  return format?.type === "json" && format.inSteps ? Math.max(2, maxCheckGap) : Number.POSITIVE_INFINITY;
}

/** The rest of the answer, in each attempt by another seed. A greedy model would write the same again. */
function redraft(attempt: number, generation: Generation): Continuation {
  const { seed, temperature, exploreTemperature } = generation.settings;
  const draft = generation.draft(attempt === 0 ? seed : deriveSeed(seed, attempt), [...generation.committed]);
  if (attempt === 0 || temperature > 0) return draft;
  return { ...draft, sampling: { ...draft.sampling, temperature: exploreTemperature } };
}

/** What is not valid is as bad as can be. */
function tellLeft(left: readonly Token[], iteration: number, { engine, ending, prompt, committed, settings }: Generation): void {
  const readable = ending.readable([...committed, ...left]).slice(committed.length);
  const discarded = settings.revealDiscarded ? { discarded: engine.tokenizer.detokenize(readable, [...prompt, ...committed]) } : {};
  settings.onEvent({ type: "rewind", committed: committed.length, iteration, value: -1, ...discarded });
}

/**
 * Whole drafts, decoded as one batch and judged as another; the one with the best value wins, the first of equals. Where none is all that is asked of the
 * whole text (`isValid`), it ends as an exhausted search does. For comparison: the paper's strongest simple rival. The first draft is the plain answer of the same seed, but for last digits (`Engine.next`).
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
  const draft = drafts[best] ?? [];
  if (!(await generation.isValid(draft)) && !generation.takesFailed(values[best])) yield generation.refuse(settings.refusal, 0);
  else yield generation.commit(draft, { value: values[best], visits: 0, rewinds: 0 });
  return generation.conclude();
}
