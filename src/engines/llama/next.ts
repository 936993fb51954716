import type { Call, NextTokenQuery, NextTokens } from "../../core/engine.ts";
import { claimMany, type Hosts, releaseAll, type SlotRequest, seated } from "./claim-many.ts";
import type { BatchRow } from "./decoder.ts";
import type { Wanted } from "./slot.ts";

interface Row extends SlotRequest {
  readonly wanted: Wanted;
  readonly isKept: boolean;
}

/** Reads behind each prefix, as one batch where there are slots enough. */
export async function next(hosts: Hosts, queries: readonly NextTokenQuery[], call: Call): Promise<NextTokens[]> {
  const { guards } = hosts.pool;
  const rows = queries.map(({ prefix, topK = 0, tokens = [], isKept = false }): Row => {
    const wanted = { topK: Math.min(topK, hosts.vocabularySize), logitsOf: tokens };
    return { prefix, wanted, isKept, guard: guards.of(prefix), slot: undefined };
  });
  // What a holder asks now, it will ask again behind its next token.
  for (const { guard, wanted } of rows) if (guard !== undefined) guard.wanted = wanted;
  const found = new Map<Row, NextTokens>();
  let open = rows;
  try {
    while (open.length > 0) {
      await claimMany(hosts, open, call);
      const ready = seated(open);
      await hosts.decoder.read(ready, call);
      for (const row of ready) {
        found.set(row, readIn(row));
        if (row.guard !== undefined) row.guard.slot = row.slot;
        if (row.isKept) guards.pin(row.prefix, row.slot);
      }
      open = open.filter(({ slot }) => slot === undefined);
      releaseAll(hosts.pool, ready);
    }
  } finally {
    releaseAll(hosts.pool, rows);
  }
  return rows.map((row) => found.get(row) as NextTokens);
}

function readIn({ prefix, slot, wanted }: Row & BatchRow): NextTokens {
  const { length } = prefix;
  return { likeliest: slot.candidates(length, wanted.topK) ?? [], logits: slot.logits(length, wanted.logitsOf) ?? [] };
}
