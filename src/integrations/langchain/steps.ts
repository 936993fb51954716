import type { RainStep } from "../../core/index.ts";
import type { Reply } from "./reply.ts";

/** An answer as it is written, and what is known of it in the end. */
export type Steps = AsyncGenerator<RainStep, Reply, void>;

/** Each step as something else, or as several things. Leaving the loop early ends the writing. */
export async function* mapSteps<To>(steps: Steps, map: (step: RainStep) => Iterable<To>): AsyncGenerator<To, Reply, void> {
  let reply: Reply | undefined;
  const watched = (async function* () {
    reply = yield* steps;
  })();
  for await (const step of watched) yield* map(step);
  return reply as unknown as Reply;
}
