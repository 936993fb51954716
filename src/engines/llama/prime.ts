import type { Call, OutputFormat, Prefix } from "../../core/engine.ts";
import { claimMany, type Hosts, releaseAll, type SlotRequest, seated } from "./claim-many.ts";
import { wantedFor } from "./outlook.ts";
import type { Wanted } from "./slot.ts";

/** Candidates that are read behind a primed prefix: whoever continues it with a `topK` up to this finds them. */
const PRIMED_TOP_K = 64;

export interface PrimeRequest {
  readonly prefixes: readonly Prefix[];
  readonly isKept: boolean;
  /** What will be written behind them. */
  readonly format: OutputFormat | undefined;
}

/** Computes the prefixes, as one batch where there are slots enough, and pins them if they are to be kept. */
export async function prime(hosts: Hosts, { prefixes, isKept, format }: PrimeRequest, call: Call): Promise<void> {
  let open = prefixes.map((prefix): SlotRequest => ({ prefix, wanted: wantedBehind(hosts, prefix, format), slot: undefined }));
  try {
    while (open.length > 0) {
      await claimMany(hosts, open, call);
      const ready = seated(open);
      await hosts.decoder.read(ready, call);
      if (isKept) for (const { prefix, slot } of ready) hosts.pool.guards.pin(prefix, slot);
      open = open.filter(({ slot }) => slot === undefined);
      releaseAll(hosts.pool, ready);
    }
  } finally {
    releaseAll(hosts.pool, open);
  }
}

/** What a continuation will ask for first, with a format and without. */
function wantedBehind({ formats, vocabularySize }: Hosts, prefix: Prefix, format: OutputFormat | undefined): Wanted {
  const topK = Math.min(PRIMED_TOP_K, vocabularySize);
  const { logitsOf, ...first } = wantedFor({ topK, text: formats.begin({ format, prefix }) }, vocabularySize);
  return { topK: Math.max(topK, first.topK), logitsOf };
}
