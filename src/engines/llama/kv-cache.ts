/** Which sequence serves which prefix: `docs/decisions/0010-sequences.md`. */
import type { Prefix } from "../../core/engine.ts";
import type { Meter } from "../../core/meter.ts";
import { commonLength, type ReadingPlan, type Slot, type Wanted } from "./slot.ts";

/** A request for a slot. */
export interface Claim extends ReadingPlan {
  readonly wanted: Wanted | undefined;
  /** Slots that the caller has claimed already: they may be copied from. */
  readonly claimed?: readonly Slot[];
  /** The caller's own lease, which does not bind it. */
  readonly lease?: PrefixLease | undefined;
}

/** Tokens that stay in the cache because a generation will go on behind them, or because they were asked to stay. */
export interface PrefixLease {
  /** Grows as a generation goes on. */
  readonly tokens: Prefix;
  /** What to read along when another request computes the last of these tokens. */
  wanted: Wanted | undefined;
  /** Where they are computed, as far as they are. */
  slot: Slot | undefined;
  /** Of a generation that is to be the same to the last digit: what it is written behind, and how its tokens were computed. */
  exact: ExactText | undefined;
}

/** A text that is computed token by token behind what is read as a whole. */
export interface ExactText {
  /** Whose it is. */
  readonly meter: Meter;
  /** Length of what was there when it began. */
  readonly start: number;
  /** `Slot.callEnds` of its tokens, as far as they are computed. */
  callEnds: readonly number[];
}

/** A copy moves a whole sequence's memory: below this many tokens computing them is as cheap. */
const WORTH_A_COPY = 4;

/** Evicted tokens are first copied to another slot if so many of them are nowhere else. */
const WORTH_KEEPING = 16;

/** A generation that has stood apart for so many tokens moves: others may be about to end, or to move to it. */
const WORTH_A_MOVE = 4;

interface Choice {
  readonly slot: Slot;
  /** Leading tokens that stay, or are copied. */
  readonly kept: number;
  readonly source?: Slot;
  /** Where the slot's tokens are copied before they are evicted. */
  readonly refuge?: Slot | undefined;
  /** The source is left for good. */
  readonly isMove?: boolean;
}

/** Decides which slot serves which prefix, and lets many requests share them without mixing. */
export class KvCache {
  readonly slots: readonly Slot[];
  readonly leases: PrefixLeases;
  readonly #canCopy: boolean;
  #waiting: (() => void)[] = [];
  #clock = 0;
  /** One generation moves at a time: what it leaves behind gives room to what the next one finds in its way. */
  #isMoving = false;

  constructor(slots: readonly Slot[], canCopy: boolean) {
    this.slots = slots;
    // The other half is for what is asked.
    this.leases = new PrefixLeases(Math.max(1, Math.floor(slots.length / 2)));
    this.#canCopy = canCopy;
  }

  /** The most leading tokens of a prefix that can be gone on from in any unclaimed slot. */
  reach(reading: ReadingPlan): number {
    const free = this.slots.filter(({ isClaimed }) => !isClaimed);
    return Math.max(0, ...free.map((slot) => slot.keptAt(slot.held(reading))));
  }

  /** The slot that serves this prefix at least cost, claimed and made ready; `undefined` while none is free. */
  claim(claim: Claim): Promise<Slot> | undefined {
    const choice = this.#choose(claim);
    if (choice === undefined) return undefined;
    choice.slot.partsAt = this.#partingOf(claim.prefix, choice);
    return this.#take(choice, claim.lease);
  }

  release(slot: Slot): void {
    slot.isClaimed = false;
    this.wake();
  }

  /** Resolves when a claim may succeed that failed before, at the latest when the signal is aborted. */
  async freed(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve) => {
      const wake = () => {
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      this.#waiting.push(wake);
      signal?.addEventListener("abort", wake, { once: true });
    });
    signal?.throwIfAborted();
  }

  /** Lets all requests that wait look again: for a slot, or at an engine that is gone. */
  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** Up to where a slot has this prefix, if that is more than can be gone on from. */
  #partingOf(prefix: Prefix, { slot, kept }: Choice): number {
    if (!slot.needsCheckpoints) return 0;
    const shared = Math.max(...this.slots.map(({ tokens }) => commonLength(tokens, prefix)));
    return shared > kept ? Math.min(shared, prefix.length - 1) : 0;
  }

  async #take({ slot, kept, source, refuge, isMove = false }: Choice, own: PrefixLease | undefined): Promise<Slot> {
    slot.isClaimed = true;
    if (source !== undefined) source.readers++;
    const copied = refuge && this.#copyBeforeEviction(slot, refuge);
    if (isMove) this.#leave(source, slot, own);
    slot.lastUsed = ++this.#clock;
    this.leases.evict(slot, source === undefined ? kept : 0, own);
    try {
      await copied;
      if (source === undefined) await slot.rewind(kept);
      else await slot.copyFrom(source, kept);
      return slot;
    } catch (cause) {
      this.release(slot);
      throw cause;
    } finally {
      if (isMove) this.#isMoving = false;
      if (source !== undefined) {
        source.readers--;
        this.wake();
      }
    }
  }

  /** What stays behind is a copy, and the first to be evicted. */
  #leave(source: Slot | undefined, slot: Slot, own: PrefixLease | undefined): void {
    this.#isMoving = true;
    slot.tokensApart = 0;
    if (source !== undefined) source.lastUsed = 0;
    if (own !== undefined) own.slot = slot;
  }

  /** The refuge takes over the slot's tokens and leases, and is as old as the slot was. */
  async #copyBeforeEviction(slot: Slot, refuge: Slot): Promise<void> {
    refuge.isClaimed = true;
    refuge.lastUsed = slot.lastUsed;
    this.leases.evict(refuge);
    this.leases.move(slot, refuge);
    try {
      await refuge.copyFrom(slot, slot.tokens.length);
    } finally {
      this.release(refuge);
    }
  }

  #choose({ wanted, claimed = [], lease, ...reading }: Claim): Choice | undefined {
    const own = lease?.slot;
    // A generation that goes on where it was: most of all claims, and the one that decides how fast plain decoding is.
    if (own !== undefined && !own.isClaimed && own.readers === 0 && isStraightOn(own, reading.prefix))
      return this.#move(own) ?? { slot: own, kept: own.tokens.length };
    const free = this.slots.filter((slot) => !slot.isClaimed && slot.readers === 0);
    // Where this generation stands, another request asks about it: waiting is cheaper than computing its tokens again.
    if (free.length === 0 || (lease?.slot !== undefined && !free.includes(lease.slot))) return undefined;
    const rate = (slot: Slot): Choice => ({ slot, kept: usableLength(slot, reading, wanted) });
    const places = free.sort(byAge).map(rate);
    const inPlace = best(places.filter((place) => this.#mayContinue(place, lease)));
    const sources = this.#canCopy ? this.slots.filter((slot) => !slot.isClaimed || claimed.includes(slot)).map(rate) : [];
    const source = best(sources);
    // Leased tokens are evicted only for a request that could not go on at all.
    const unleased = places.map(({ slot }) => slot).filter((slot) => !this.leases.cover(slot, 0, lease));
    const used = this.#used();
    const isNeighbour = (slot: Slot) => isBeside(slot, used);
    // A request that has claimed slots computes in all of them at once, and often for long: rather beside them, where there is room.
    const isRoom = claimed.length > 0 && unleased.some((slot) => slot !== source?.slot && isNeighbour(slot));
    const isApart = isRoom && inPlace !== undefined && !isNeighbour(inPlace.slot) && !used.has(inPlace.slot.index);
    const isCopyWorth = source !== undefined && source.kept >= (isApart ? 0 : (inPlace?.kept ?? 0)) + WORTH_A_COPY;
    if (inPlace !== undefined && !isCopyWorth) {
      // Behind a generation stand questions about it, which are worth nothing once they are answered.
      const isAsked = lease !== undefined || this.leases.paused.includes(inPlace.slot);
      return isAsked ? inPlace : { ...inPlace, refuge: this.#refugeFor(inPlace, unleased) };
    }
    const isOther = (slot: Slot) => !isCopyWorth || slot !== source.slot;
    const oldestFirst = unleased.filter(isOther);
    const slot = oldestFirst.find(isNeighbour) ?? oldestFirst[0] ?? (claimed.length === 0 ? free.find(isOther) : undefined);
    if (slot === undefined) return inPlace ?? (claimed.length === 0 ? source : undefined);
    const refuge = this.#refugeFor({ slot, kept: 0 }, oldestFirst);
    return isCopyWorth ? { slot, kept: source.kept, source: source.slot, refuge } : { ...rate(slot), refuge };
  }

  /** Evicting leased tokens, or many that are nowhere else, first copies them to the oldest slot. */
  #refugeFor({ slot, kept }: Choice, oldestFirst: readonly Slot[]): Slot | undefined {
    if (!this.#canCopy) return undefined;
    const isLeased = this.leases.cover(slot, kept);
    const refuge = oldestFirst.find((other) => other !== slot && (isLeased || other.lastUsed < slot.lastUsed));
    return refuge !== undefined && (isLeased || this.#loss(slot, kept) >= WORTH_KEEPING) ? refuge : undefined;
  }

  /** How many tokens behind the first `kept` ones of a slot are in no other one. */
  #loss({ tokens }: Slot, kept: number): number {
    const others = this.slots.filter((slot) => slot.tokens !== tokens);
    return tokens.length - Math.max(kept, ...others.map((other) => commonLength(other.tokens, tokens)));
  }

  /** How a generation goes on beside the others, once it has stood apart from them for a while. */
  #move(own: Slot): Choice | undefined {
    const used = new Set(this.leases.paused);
    if (!this.#canCopy || isRun(used)) {
      own.tokensApart = 0;
      return undefined;
    }
    const idle = this.slots.filter((slot) => !slot.isClaimed && slot.readers === 0 && !used.has(slot));
    const unleased = idle.filter((slot) => !this.leases.cover(slot)).sort(byAge);
    // Leased tokens need a slot that they can be copied to.
    const free = new Set(unleased.length > 0 ? idle : []);
    const run = bestRun(this.slots, used, free);
    const slot = run.includes(own) ? undefined : run.find((place) => free.has(place));
    own.tokensApart = slot === undefined ? 0 : own.tokensApart + 1;
    if (slot === undefined || own.tokensApart < WORTH_A_MOVE || this.#isMoving) return undefined;
    return { slot, kept: own.tokens.length, source: own, refuge: this.#refugeFor({ slot, kept: 0 }, unleased), isMove: true };
  }

  /** Numbers of the slots that are claimed, or that a paused generation comes back to. */
  #used(): ReadonlySet<number> {
    const used = [...this.leases.paused, ...this.slots.filter(({ isClaimed }) => isClaimed)];
    return new Set(used.map(({ index }) => index));
  }

  /** Whether a request may go on where it shares tokens: what it evicts must not be leased, and be little beside what it keeps. */
  #mayContinue({ slot, kept }: Choice, lease: PrefixLease | undefined): boolean {
    const evicted = slot.tokens.length - kept;
    return kept > 0 && (evicted <= kept || !this.#canCopy) && !this.leases.cover(slot, kept, lease);
  }
}

/** The leases of all that the slots hold. */
export class PrefixLeases implements Iterable<PrefixLease> {
  readonly #all = new Set<PrefixLease>();
  /** Those that stay until there are too many of them, oldest first. */
  readonly #pinned = new Set<PrefixLease>();
  readonly #mostPinned: number;

  constructor(mostPinned: number) {
    this.#mostPinned = mostPinned;
  }

  [Symbol.iterator](): Iterator<PrefixLease> {
    return this.#all.values();
  }

  add(tokens: Prefix): PrefixLease {
    const lease: PrefixLease = { tokens, wanted: undefined, slot: undefined, exact: undefined };
    this.#all.add(lease);
    return lease;
  }

  /** The lease of this very array. */
  of(tokens: Prefix): PrefixLease | undefined {
    for (const lease of this.#all) if (lease.tokens === tokens) return lease;
    return undefined;
  }

  /** Of one request's generations that are to be the same to the last digit, the one whose text a prefix goes through, the longest. */
  onTheWay(prefix: Prefix, meter: Meter): PrefixLease | undefined {
    const passed = [...this.#all].filter(({ tokens, exact }) => exact?.meter === meter && commonLength(tokens, prefix) === tokens.length);
    return passed.toSorted((left, right) => right.tokens.length - left.tokens.length)[0];
  }

  remove(lease: PrefixLease): void {
    this.#all.delete(lease);
    this.#pinned.delete(lease);
  }

  /** Keeps `prefix` where it is until too many others were pinned after it. */
  pin(prefix: Prefix, slot: Slot): void {
    for (const lease of this.#pinned) {
      const alike = commonLength(lease.tokens, prefix);
      if (alike === prefix.length && lease.slot !== undefined) return;
      if (lease.slot === slot || lease.slot === undefined || alike === lease.tokens.length) this.remove(lease);
    }
    const lease = this.add([...prefix]);
    lease.slot = slot;
    this.#pinned.add(lease);
    for (const oldest of this.#pinned) {
      if (this.#pinned.size <= this.#mostPinned) break;
      this.remove(oldest);
    }
  }

  /** Whether a lease other than `own` covers more than the first `kept` tokens of a slot. */
  cover(slot: Slot, kept = 0, own?: PrefixLease): boolean {
    for (const lease of this.#all) {
      if (lease !== own && lease.slot === slot && commonLength(slot.tokens, lease.tokens) > kept) return true;
    }
    return false;
  }

  /** All tokens of a slot but the first `kept` ones are about to be evicted: leases of more than these have no slot any more. */
  evict(slot: Slot, kept = 0, own?: PrefixLease): void {
    for (const lease of this.#all) {
      if (lease === own || lease.slot !== slot || commonLength(slot.tokens, lease.tokens) <= kept) continue;
      lease.slot = undefined;
      if (this.#pinned.has(lease)) this.remove(lease);
    }
  }

  /** What one slot holds is in another one from now on. */
  move(from: Slot, to: Slot): void {
    for (const lease of this.#all) if (lease.slot === from) lease.slot = to;
  }

  /** The slots of paused generations. */
  get paused(): Slot[] {
    return [...this.#all].flatMap(({ wanted, slot }) => (wanted === undefined || slot === undefined ? [] : [slot]));
  }
}

function byAge(left: Slot, right: Slot): number {
  return left.lastUsed - right.lastUsed;
}

/** Whether the slot holds all of the prefix but its last token, and nothing else. */
function isStraightOn({ tokens }: Slot, prefix: Prefix): boolean {
  return tokens.length === prefix.length - 1 && commonLength(tokens, prefix) === tokens.length;
}

/** The last token of a prefix is computed once more if what is wanted behind it is not known. */
function usableLength(slot: Slot, reading: ReadingPlan, wanted: Wanted | undefined): number {
  const held = slot.held(reading);
  const isUnknown = held === reading.prefix.length && wanted !== undefined && !slot.knows(held, wanted);
  return slot.keptAt(isUnknown ? slot.held(reading, held - 1) : held);
}

/** The choice that keeps most; of equal ones the one that evicts least, then the first. */
function best(choices: readonly Choice[]): Choice | undefined {
  return choices.reduce<Choice | undefined>((winner, choice) => {
    if (winner === undefined || choice.kept > winner.kept) return choice;
    const evictsLess = choice.slot.tokens.length < winner.slot.tokens.length;
    return choice.kept === winner.kept && evictsLess ? choice : winner;
  }, undefined);
}

/** Whether a slot stands beside one in use: llama.cpp computes a run of neighbouring sequences in one piece. */
function isBeside({ index }: Slot, used: ReadonlySet<number>): boolean {
  return used.has(index - 1) || used.has(index + 1);
}

/** Whether slots stand side by side. */
function isRun(used: ReadonlySet<Slot>): boolean {
  const places = [...used].map(({ index }) => index);
  return Math.max(...places) - Math.min(...places) === places.length - 1;
}

/**
 * The run to which all generations can move with the fewest moves: as many neighbours as there are generations, most of them in use already;
 * of equal ones the first. llama.cpp cuts the batch at each gap in a run, where it reads all weights once more. Empty: there is no room.
 */
function bestRun(slots: readonly Slot[], used: ReadonlySet<Slot>, free: ReadonlySet<Slot>): readonly Slot[] {
  const runs = slots
    .slice(0, slots.length - used.size + 1)
    .map((_, start) => slots.slice(start, start + used.size))
    .filter((run) => run.every((slot) => used.has(slot) || free.has(slot)));
  const inUse = (run: readonly Slot[]) => run.filter((slot) => used.has(slot)).length;
  return runs.reduce<readonly Slot[]>((winner, run) => (inUse(run) > inUse(winner) ? run : winner), []);
}
