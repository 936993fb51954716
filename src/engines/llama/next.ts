import type { Call, NextTokenQuery } from "../../core/engine.ts";
import { claimMany, type Hosts, releaseAll, type SlotRequest, seated } from "./claim-many.ts";

/** Reads logits behind each prefix, as one batch where there are slots enough. */
export async function next(hosts: Hosts, queries: readonly NextTokenQuery[], call: Call): Promise<number[][]> {
  const seats = queries.map(({ prefix, tokens }): SlotRequest => ({ prefix, wanted: { topK: 0, logitsOf: tokens }, slot: undefined }));
  const found = new Map<SlotRequest, number[]>();
  let open = seats;
  try {
    while (open.length > 0) {
      await claimMany(hosts, open, call);
      const ready = seated(open);
      await hosts.decoder.read(ready, call);
      for (const seat of ready) found.set(seat, [...(seat.slot.logits(seat.prefix.length, seat.wanted?.logitsOf ?? []) ?? [])]);
      open = open.filter(({ slot }) => slot === undefined);
      releaseAll(hosts.pool, ready);
    }
  } finally {
    releaseAll(hosts.pool, seats);
  }
  return seats.map((seat) => found.get(seat) as number[]);
}
