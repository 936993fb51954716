import type { Answering } from "./answer.ts";
import { generate } from "./decoding.ts";
import type { Engine, Turn } from "./engine.ts";
import { Generation } from "./generation.ts";
import type { Settings } from "./options.ts";

/** Plain decoding, for comparison: nobody judges. One step a token. */
export async function* vanilla(engine: Engine, turns: readonly Turn[], settings: Settings): Answering {
  const generation = new Generation(engine, turns, settings);
  await generation.prime();
  for await (const { token } of generate(engine, generation.draft(settings.seed), generation.call("draft"))) {
    generation.drawn++;
    yield generation.commit([token], { value: undefined, visits: 0, rewinds: 0 });
  }
  return generation.conclude();
}
