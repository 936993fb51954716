import type { Call, Prefix } from "../../core/engine.ts";
import type { TokenCandidate } from "../../core/sampler.ts";
import { claimOne, type Hosts } from "./claim-many.ts";
import { candidatesIn, type Outlook, wantedFor, wider } from "./outlook.ts";
import type { PrefixLease } from "./prefix-leases.ts";

/** A prefix, and what is to be known of the token behind it. */
interface Candidacy {
  readonly prefix: Prefix;
  readonly outlook: Outlook;
  readonly guard?: PrefixLease | undefined;
}

/** The likeliest tokens that may follow a prefix, likeliest first. */
export async function candidatesBehind(hosts: Hosts, candidacy: Candidacy, call: Call): Promise<readonly TokenCandidate[]> {
  const { prefix, outlook, guard } = candidacy;
  const { vocabularySize } = hosts;
  for (let wanted = wantedFor(outlook, vocabularySize); ; wanted = wider(wanted, vocabularySize)) {
    if (guard !== undefined) guard.wanted = wanted;
    const slot = await claimOne(hosts, { prefix, wanted, guard }, call.signal);
    try {
      await hosts.decoder.read([{ prefix, wanted, slot }], call);
      if (guard !== undefined) guard.slot = slot;
      const candidates = candidatesIn(outlook, { slot, wanted, vocabularySize });
      if (candidates !== undefined) return candidates;
    } finally {
      hosts.pool.release(slot);
    }
  }
}
