import type { Call, Continuation, SampledToken, Token } from "../../core/engine.ts";
import { drawToken } from "../../core/sampler.ts";
import { candidatesBehind } from "./candidates.ts";
import type { Hosts } from "./claim-many.ts";

interface Generation {
  readonly continuation: Continuation;
  readonly isEnd: (token: Token) => boolean;
  readonly call: Call;
  /** Wraps each step, so that the engine knows when it is idle. */
  readonly step: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

/**
 * One continuation. Between two tokens it holds no slot: others may ask in the very slot where it is computed, on top of
 * its tokens. A guard sees to it that they leave those tokens there, and that they read along what it will want next.
 */
export async function* generate(hosts: Hosts, { continuation, isEnd, call, step }: Generation): AsyncGenerator<SampledToken, void, void> {
  const { prefix, sampling, maxTokens, until } = continuation;
  const tokens = [...prefix];
  let text = hosts.formats.begin(continuation);
  const guard = hosts.pool.guards.add(tokens);
  const drawn: Token[] = [];
  try {
    while (drawn.length < maxTokens) {
      const outlook = { topK: sampling.topK, text };
      const candidates = await step(() => candidatesBehind(hosts, { prefix: tokens, outlook, guard }, call));
      const sampled = drawToken(candidates, tokens.length, sampling);
      tokens.push(sampled.token);
      drawn.push(sampled.token);
      text = text?.after(sampled.token);
      const isLast = isEnd(sampled.token) || until?.(drawn) === true;
      yield sampled;
      if (isLast) return;
    }
  } finally {
    hosts.pool.guards.remove(guard);
  }
}
