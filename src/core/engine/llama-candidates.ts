import type { Candidate } from "../sampler.ts";
import type { Call } from "./engine.ts";
import { claimOne, type Hosts } from "./llama-claim-many.ts";
import type { Claim } from "./llama-slot-pool.ts";

/** A prefix, and how many of the likeliest tokens behind it are wanted. */
type Candidacy = Claim & { readonly wanted: { readonly topK: number } };

/** The likeliest tokens behind a prefix, likeliest first. */
export async function candidatesBehind(hosts: Hosts, candidacy: Candidacy, call: Call): Promise<readonly Candidate[]> {
  const { prefix, wanted, guard } = candidacy;
  const slot = await claimOne(hosts, candidacy, call.signal);
  try {
    await hosts.decoder.read([{ prefix, wanted, slot }], call);
    if (guard !== undefined) guard.slot = slot;
    return slot.foresight(prefix.length, wanted.topK) ?? [];
  } finally {
    hosts.pool.release(slot);
  }
}
