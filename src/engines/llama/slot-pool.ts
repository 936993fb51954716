import type { Prefix } from "../../core/engine.ts";
import { isRun, placeBeside } from "./gather.ts";
import { Guards, type PrefixLease } from "./prefix-leases.ts";
import { commonLength, type Slot, type Wanted } from "./slot.ts";

/** A request for a slot. */
export interface Claim {
  readonly prefix: Prefix;
  readonly wanted: Wanted | undefined;
  /** Slots that the caller holds already: they may be copied from. */
  readonly held?: readonly Slot[];
  /** The caller's own guard, which does not bind it. */
  readonly guard?: PrefixLease | undefined;
}

/** A copy moves a whole sequence's memory: below this many tokens computing them is as cheap. */
const WORTH_A_COPY = 4;

/** What a slot holds goes elsewhere before the slot is used for something else, if so many tokens of it are nowhere else. */
const WORTH_A_SHELTER = 16;

/** A generation that has stood apart for so many tokens moves: others may be about to end, or to move to it. */
const WORTH_A_MOVE = 4;

interface Choice {
  readonly slot: Slot;
  /** Leading tokens that stay, or are copied. */
  readonly kept: number;
  readonly source?: Slot;
  /** Where what the slot holds goes first. */
  readonly shelter?: Slot | undefined;
  /** The source is left for good. */
  readonly isMove?: boolean;
}

/** Decides which sequence serves which prefix, and lets many requests share them without mixing. */
export class SlotPool {
  readonly slots: readonly Slot[];
  readonly guards: Guards;
  readonly #canCopy: boolean;
  #waiting: (() => void)[] = [];
  #clock = 0;
  /** One generation moves at a time: what it leaves behind gives room to what the next one finds in its way. */
  #isMoving = false;

  constructor(slots: readonly Slot[], canCopy: boolean) {
    this.slots = slots;
    // The other half is for what is asked.
    this.guards = new Guards(Math.max(1, Math.floor(slots.length / 2)));
    this.#canCopy = canCopy;
  }

  /** The most leading tokens of `prefix` that any slot in reach has. */
  reach(prefix: Prefix): number {
    return Math.max(0, ...this.slots.filter(({ isClaimed }) => !isClaimed).map(({ tokens }) => commonLength(tokens, prefix)));
  }

  /** The slot that serves this prefix at least cost, claimed and made ready; `undefined` while none is free. */
  claim(claim: Claim): Promise<Slot> | undefined {
    const choice = this.#choose(claim);
    return choice === undefined ? undefined : this.#take(choice, claim.guard);
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

  /** Lets everybody who waits look again: for a slot, or at an engine that is gone. */
  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  async #take({ slot, kept, source, shelter, isMove = false }: Choice, own: PrefixLease | undefined): Promise<Slot> {
    slot.isClaimed = true;
    if (source !== undefined) source.readers++;
    const sheltered = shelter && this.#shelter(slot, shelter);
    if (isMove) this.#leave(source, slot, own);
    slot.lastUsed = ++this.#clock;
    this.guards.abandon(slot, source === undefined ? kept : 0, own);
    try {
      await sheltered;
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

  /** What stays behind is a copy, and the first to be dropped. */
  #leave(source: Slot | undefined, slot: Slot, own: PrefixLease | undefined): void {
    this.#isMoving = true;
    slot.tokensApart = 0;
    if (source !== undefined) source.lastUsed = 0;
    if (own !== undefined) own.slot = slot;
  }

  /** Puts what a slot holds, and who will come back to it, into another one, as old as it was. */
  async #shelter(slot: Slot, shelter: Slot): Promise<void> {
    shelter.isClaimed = true;
    shelter.lastUsed = slot.lastUsed;
    this.guards.abandon(shelter);
    this.guards.move(slot, shelter);
    try {
      await shelter.copyFrom(slot, slot.tokens.length);
    } finally {
      this.release(shelter);
    }
  }

  #choose({ prefix, wanted, held = [], guard }: Claim): Choice | undefined {
    const own = guard?.slot;
    // A generation that goes on where it was: most of all claims, and the one that decides how fast plain decoding is.
    if (own !== undefined && !own.isClaimed && own.readers === 0 && isStraightOn(own, prefix))
      return this.#move(own) ?? { slot: own, kept: own.tokens.length };
    const free = this.slots.filter((slot) => !slot.isClaimed && slot.readers === 0);
    // What a paused generation comes back to is in use by somebody who asks about it: waiting is cheaper than computing it again.
    if (free.length === 0 || (guard?.slot !== undefined && !free.includes(guard.slot))) return undefined;
    const rate = (slot: Slot): Choice => ({ slot, kept: usableLength(slot, prefix, wanted) });
    const places = free.sort(byAge).map(rate);
    const inPlace = best(places.filter((place) => this.#mayContinue(place, guard)));
    const sources = this.#canCopy ? this.slots.filter((slot) => !slot.isClaimed || held.includes(slot)).map(rate) : [];
    const source = best(sources);
    // Somebody's tokens are dropped only for a request that could not go on at all.
    const nobodys = places.map(({ slot }) => slot).filter((slot) => !this.guards.has(slot, 0, guard));
    const used = this.#used();
    const isNeighbour = (slot: Slot) => isBeside(slot, used);
    // Who holds slots already computes in all of them at once, and often for long: rather beside them, where there is room.
    const isRoom = held.length > 0 && nobodys.some((slot) => slot !== source?.slot && isNeighbour(slot));
    const isApart = isRoom && inPlace !== undefined && !isNeighbour(inPlace.slot) && !used.has(inPlace.slot.index);
    const isCopyWorth = source !== undefined && source.kept >= (isApart ? 0 : (inPlace?.kept ?? 0)) + WORTH_A_COPY;
    if (inPlace !== undefined && !isCopyWorth) {
      // Behind a generation stands what somebody asked about it.
      const isAsked = guard !== undefined || this.guards.paused.includes(inPlace.slot);
      return isAsked ? inPlace : { ...inPlace, shelter: this.#shelterFor(inPlace, nobodys) };
    }
    const isOther = (slot: Slot) => !isCopyWorth || slot !== source.slot;
    const oldestFirst = nobodys.filter(isOther);
    const slot = oldestFirst.find(isNeighbour) ?? oldestFirst[0] ?? (held.length === 0 ? free.find(isOther) : undefined);
    if (slot === undefined) return inPlace ?? (held.length === 0 ? source : undefined);
    const shelter = this.#shelterFor({ slot, kept: 0 }, oldestFirst);
    return isCopyWorth ? { slot, kept: source.kept, source: source.slot, shelter } : { ...rate(slot), shelter };
  }

  /** Where what a slot holds goes before all of it but `kept` tokens is dropped: into the oldest slot, if that is worth a copy. */
  #shelterFor({ slot, kept }: Choice, oldestFirst: readonly Slot[]): Slot | undefined {
    if (!this.#canCopy) return undefined;
    const isGuarded = this.guards.has(slot, kept);
    const shelter = oldestFirst.find((other) => other !== slot && (isGuarded || other.lastUsed < slot.lastUsed));
    return shelter !== undefined && (isGuarded || this.#loss(slot, kept) >= WORTH_A_SHELTER) ? shelter : undefined;
  }

  /** How many tokens behind the first `kept` ones of a slot nobody else holds. */
  #loss({ tokens }: Slot, kept: number): number {
    const others = this.slots.filter((slot) => slot.tokens !== tokens);
    return tokens.length - Math.max(kept, ...others.map((other) => commonLength(other.tokens, tokens)));
  }

  /** How a generation goes on beside the others, once it has stood apart from them for a while. */
  #move(own: Slot): Choice | undefined {
    const used = new Set(this.guards.paused);
    if (!this.#canCopy || isRun(used)) {
      own.tokensApart = 0;
      return undefined;
    }
    const idle = this.slots.filter((slot) => !slot.isClaimed && slot.readers === 0 && !used.has(slot));
    const nobodys = idle.filter((slot) => !this.guards.has(slot)).sort(byAge);
    // What is somebody's needs another slot to go to.
    const free = new Set(nobodys.length > 0 ? idle : []);
    const slot = placeBeside(own, { slots: this.slots, used, free });
    own.tokensApart = slot === undefined ? 0 : own.tokensApart + 1;
    if (slot === undefined || own.tokensApart < WORTH_A_MOVE || this.#isMoving) return undefined;
    return { slot, kept: own.tokens.length, source: own, shelter: this.#shelterFor({ slot, kept: 0 }, nobodys), isMove: true };
  }

  /** Numbers of the slots that a request holds, or a paused generation comes back to. */
  #used(): ReadonlySet<number> {
    const used = [...this.guards.paused, ...this.slots.filter(({ isClaimed }) => isClaimed)];
    return new Set(used.map(({ index }) => index));
  }

  /** Whether a request may go on where it shares tokens: what it drops must be nobody's, and little beside what it keeps. */
  #mayContinue({ slot, kept }: Choice, guard: PrefixLease | undefined): boolean {
    const dropped = slot.tokens.length - kept;
    return kept > 0 && (dropped <= kept || !this.#canCopy) && !this.guards.has(slot, kept, guard);
  }
}

function byAge(left: Slot, right: Slot): number {
  return left.lastUsed - right.lastUsed;
}

/** Whether a slot stands beside one in use: llama.cpp computes a run of neighbouring sequences in one piece. */
function isBeside({ index }: Slot, used: ReadonlySet<number>): boolean {
  return used.has(index - 1) || used.has(index + 1);
}

/** Whether the slot holds all of the prefix but its last token, and nothing else. */
function isStraightOn({ tokens }: Slot, prefix: Prefix): boolean {
  return tokens.length === prefix.length - 1 && commonLength(tokens, prefix) === tokens.length;
}

/** The last token of a prefix is computed once more if what is wanted behind it is not known. */
function usableLength(slot: Slot, prefix: Prefix, wanted: Wanted | undefined): number {
  const common = commonLength(slot.tokens, prefix);
  if (common < prefix.length || wanted === undefined) return common;
  return slot.knows(common, wanted) ? common : common - 1;
}

/** The choice that keeps most; of equal ones the one that drops least, then the first. */
function best(choices: readonly Choice[]): Choice | undefined {
  return choices.reduce<Choice | undefined>((winner, choice) => {
    if (winner === undefined || choice.kept > winner.kept) return choice;
    const dropsLess = choice.slot.tokens.length < winner.slot.tokens.length;
    return choice.kept === winner.kept && dropsLess ? choice : winner;
  }, undefined);
}
