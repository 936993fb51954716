import type { Call, Prefix } from "./engine.ts";
import { claimMany, type Hosts, releaseAll, type Seat, seated } from "./llama-claim-many.ts";

/** Candidates that are read behind a primed prefix: whoever continues it with a `topK` up to this finds them. */
const PRIMED_TOP_K = 64;

export interface Priming {
  readonly prefixes: readonly Prefix[];
  readonly isKept: boolean;
}

/** Computes the prefixes, as one batch where there are slots enough, and pins them if they are to be kept. */
export async function prime(hosts: Hosts, { prefixes, isKept }: Priming, call: Call): Promise<void> {
  const wanted = { topK: Math.min(PRIMED_TOP_K, hosts.vocabularySize) };
  let open = prefixes.map((prefix): Seat => ({ prefix, wanted, slot: undefined }));
  try {
    while (open.length > 0) {
      await claimMany(hosts, open, call);
      const ready = seated(open);
      await hosts.decoder.read(ready, call);
      if (isKept) for (const { prefix, slot } of ready) hosts.pool.pin(prefix, slot);
      open = open.filter(({ slot }) => slot === undefined);
      releaseAll(hosts.pool, ready);
    }
  } finally {
    releaseAll(hosts.pool, open);
  }
}
