/** What vLLM and SGLang have in common. */
import { z } from "zod";
import type { Token, TokenCandidate } from "../../core/engine.ts";
import { EngineError } from "../../core/errors.ts";
import type { ServerClient } from "./client.ts";

const models = z.object({
  data: z.tuple([z.object({ id: z.string(), max_model_len: z.number().int().positive().optional() })], z.unknown()),
});

/** The first model that is served: one that was fine-tuned beside it has the same numbers of tokens, and is asked for at an address of its own. */
export async function servedModels(client: ServerClient, signal: AbortSignal | undefined): Promise<z.infer<typeof models>["data"][0]> {
  return (await client.ask("v1/models", models, { signal })).data[0];
}

/** Servers that share what they keep between all requests keep it for nobody in particular. */
export const NO_HOLD = (): Disposable => ({ [Symbol.dispose]: () => undefined });

/**
 * Likeliest first.
 *
 * @throws {EngineError} `server-unreadable` where fewer were told than were asked for
 */
export function likeliestOf(logarithms: ReadonlyMap<Token, number>, topK: number): readonly TokenCandidate[] {
  const found = [...logarithms].map(([token, logit]): TokenCandidate => ({ token, logit }));
  if (found.length >= topK) return found.sort((one, other) => other.logit - one.logit || one.token - other.token).slice(0, topK);
  throw new EngineError(
    "server-unreadable",
    `Expected the server to tell ${topK} tokens, got ${found.length} (does something in between drop fields?)`,
  );
}
