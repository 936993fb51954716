import { type Candidate, drawToken } from "../sampler.ts";
import type { Call, Continuation, SampledToken, Token } from "./engine.ts";
import { claimOne, type Hosts } from "./llama-claim-many.ts";
import type { Guard } from "./llama-slot-pool.ts";

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
  const guard = hosts.pool.guard(tokens, sampling.topK);
  const drawn: Token[] = [];
  try {
    while (drawn.length < maxTokens) {
      const sampled = drawToken(await step(() => candidatesBehind(hosts, guard, call)), tokens.length, sampling);
      tokens.push(sampled.token);
      drawn.push(sampled.token);
      const isLast = isEnd(sampled.token) || until?.(drawn) === true;
      yield sampled;
      if (isLast) return;
    }
  } finally {
    hosts.pool.unguard(guard);
  }
}

async function candidatesBehind(hosts: Hosts, guard: Guard, call: Call): Promise<readonly Candidate[]> {
  const reading = { prefix: guard.tokens, wanted: { topK: guard.topK } };
  const slot = await claimOne(hosts, { ...reading, guard }, call.signal);
  try {
    await hosts.decoder.read([{ ...reading, slot }], call);
    guard.slot = slot;
    return slot.foresight(guard.tokens.length, guard.topK) ?? [];
  } finally {
    hosts.pool.release(slot);
  }
}
