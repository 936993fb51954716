import { softmax } from "../softmax.ts";
import type { Call, Question } from "./engine.ts";
import { claimMany, type Hosts, releaseAll, type Seat, seated } from "./llama-claim-many.ts";

/** Reads the candidates' logits behind each prefix, as one batch where there are slots enough, and makes them probabilities. */
export async function compare(hosts: Hosts, questions: readonly Question[], call: Call): Promise<number[][]> {
  const seats = questions.map(({ prefix, candidates }): Seat => ({ prefix, wanted: { topK: 0, logitsOf: candidates }, slot: undefined }));
  const answers = new Map<Seat, number[]>();
  let open = seats;
  try {
    while (open.length > 0) {
      await claimMany(hosts, open, call);
      const ready = seated(open);
      await hosts.decoder.read(ready, call);
      for (const seat of ready) answers.set(seat, softmax(seat.slot.logits(seat.prefix.length, seat.wanted?.logitsOf ?? []) ?? []));
      open = open.filter(({ slot }) => slot === undefined);
      releaseAll(hosts.pool, ready);
    }
  } finally {
    releaseAll(hosts.pool, seats);
  }
  return seats.map((seat) => answers.get(seat) as number[]);
}
