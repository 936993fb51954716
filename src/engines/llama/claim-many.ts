import type { Call, Prefix } from "../../core/engine.ts";
import type { BatchRow, Decoder } from "./decoder.ts";
import type { PrefixLease } from "./prefix-leases.ts";
import { commonLength, type Slot, type Wanted } from "./slot.ts";
import type { Claim, SlotPool } from "./slot-pool.ts";

/** A prefix to compute, which needs a slot now or later. */
export interface SlotRequest {
  readonly prefix: Prefix;
  readonly wanted: Wanted | undefined;
  /** Of whom asks, if the prefix is held. */
  readonly guard?: PrefixLease | undefined;
  /** `undefined` until a slot is free for it. */
  slot: Slot | undefined;
}

/** What requests share. */
export interface Hosts {
  readonly pool: SlotPool;
  readonly decoder: Decoder;
  readonly vocabularySize: number;
  /** Throws once the engine is disposed. */
  readonly ensureOpen: () => void;
}

/** Tokens saved for which it pays to compute a common stem first, in a decode call of its own, and copy it. */
const WORTH_A_STEM = 8;

/** Claims a slot; waits while none is free. */
export async function claimOne({ pool, ensureOpen }: Hosts, claim: Claim, signal: AbortSignal | undefined): Promise<Slot> {
  for (;;) {
    signal?.throwIfAborted();
    ensureOpen();
    const slot = pool.claim(claim);
    if (slot !== undefined) return await slot;
    await pool.freed(signal);
  }
}

/**
 * Gives slots to as many of the seats that have none as there are slots free. It waits only if no seat has one, so that two
 * requests never wait for each other. What all new prefixes share is computed once. On failure no seat has a slot.
 */
export async function claimMany(hosts: Hosts, seats: readonly SlotRequest[], call: Call): Promise<void> {
  const held = seats.flatMap(({ slot }) => slot ?? []);
  const standing = seats.filter(({ slot }) => slot === undefined);
  try {
    for (const [index, seat] of mostReachFirst(hosts.pool, standing).entries()) {
      const claim = { prefix: seat.prefix, wanted: seat.wanted, guard: seat.guard, held };
      seat.slot = held.length === 0 ? await claimOne(hosts, claim, call.signal) : await hosts.pool.claim(claim);
      if (seat.slot === undefined) continue;
      held.push(seat.slot);
      if (index === 0 && standing.length > 1) await readStem(hosts, { seats: standing, slot: seat.slot, call });
    }
  } catch (cause) {
    releaseAll(hosts.pool, seats);
    throw cause;
  }
}

export function releaseAll(pool: SlotPool, seats: readonly SlotRequest[]): void {
  for (const seat of seats) {
    if (seat.slot !== undefined) pool.release(seat.slot);
    seat.slot = undefined;
  }
}

/** The seats that have a slot. */
export function seated<S extends SlotRequest>(seats: readonly S[]): (S & BatchRow)[] {
  return seats.filter((seat): seat is S & BatchRow => seat.slot !== undefined);
}

/** Whoever can reuse most chooses first: nobody else then drops what it would have found. */
function mostReachFirst(pool: SlotPool, seats: readonly SlotRequest[]): SlotRequest[] {
  return seats
    .map((seat) => ({ seat, reach: pool.reach(seat.prefix) }))
    .sort((left, right) => right.reach - left.reach)
    .map(({ seat }) => seat);
}

/** Computes what all prefixes share in the first slot that was claimed; the others copy it from there. */
async function readStem(
  { pool, decoder }: Hosts,
  { seats, slot, call }: { seats: readonly SlotRequest[]; slot: Slot; call: Call },
): Promise<void> {
  const [{ prefix }, ...others] = seats as [SlotRequest, ...SlotRequest[]];
  // Each prefix keeps a token to compute, behind which it learns what it wants.
  const shortest = Math.min(...seats.map((seat) => seat.prefix.length));
  const shared = others.reduce((length, other) => Math.min(length, commonLength(other.prefix, prefix)), shortest - 1);
  const saved = others.reduce((sum, other) => sum + Math.max(0, shared - Math.max(pool.reach(other.prefix), slot.tokens.length)), 0);
  if (saved >= WORTH_A_STEM) await decoder.read([{ prefix: prefix.slice(0, shared), slot, wanted: undefined }], call);
}
