import type { Answering } from "./answer.ts";
import type { Engine, Turn } from "./engine.ts";
import type { Settings } from "./options.ts";
import { Writing } from "./writing.ts";

/** Plain decoding, for comparison: nobody judges. One step a token. */
export async function* vanilla(engine: Engine, turns: readonly Turn[], settings: Settings): Answering {
  const writing = new Writing(engine, turns, settings);
  await writing.prime();
  for await (const { token } of engine.generate(writing.draft(settings.seed), writing.call("draft"))) {
    writing.drawn++;
    yield writing.commit([token], { value: undefined, visits: 0, rewinds: 0 });
  }
  return writing.conclude();
}
