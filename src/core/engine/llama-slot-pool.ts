import type { Prefix } from "./engine.ts";
import { placeBeside } from "./llama-gather.ts";
import { commonLength, type Slot, type Wanted } from "./llama-slot.ts";

/** Somebody will come back to these tokens: a paused generation, or a prefix that was primed to stay. */
export interface Guard {
  /** Grows as a generation goes on. */
  readonly tokens: Prefix;
  /** What to read along when somebody else computes the last of these tokens. */
  wanted: Wanted | undefined;
  /** Where they are computed, as far as they are. */
  slot: Slot | undefined;
}

/** A request for a slot. */
export interface Claim {
  readonly prefix: Prefix;
  readonly wanted: Wanted | undefined;
  /** Slots that the caller holds already: they may be copied from. */
  readonly held?: readonly Slot[];
  /** The caller's own guard, which does not bind it. */
  readonly guard?: Guard | undefined;
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
  readonly #guards = new Set<Guard>();
  /** Guards that stay until more are pinned than the pool can afford, oldest first. */
  readonly #pinned = new Set<Guard>();
  readonly #canCopy: boolean;
  /** Held by requests that compute token after token there. */
  readonly #writing = new Set<Slot>();
  #waiting: (() => void)[] = [];
  #clock = 0;
  /** One generation moves at a time: what it leaves behind gives room to what the next one finds in its way. */
  #isMoving = false;

  constructor(slots: readonly Slot[], canCopy: boolean) {
    this.slots = slots;
    this.#canCopy = canCopy;
  }

  get guards(): Iterable<Guard> {
    return this.#guards;
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

  /** Where a request goes on that holds this slot, computes token after token, and has just asked for the next: there, or beside others. */
  async goOn(slot: Slot): Promise<Slot> {
    this.#writing.add(slot);
    const move = this.#move(slot);
    if (move === undefined) return slot;
    const moved = await this.#take(move, undefined);
    this.#writing.add(moved);
    this.release(slot);
    return moved;
  }

  release(slot: Slot): void {
    this.#writing.delete(slot);
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

  guard(tokens: Prefix): Guard {
    const guard: Guard = { tokens, wanted: undefined, slot: undefined };
    this.#guards.add(guard);
    return guard;
  }

  unguard(guard: Guard): void {
    this.#guards.delete(guard);
    this.#pinned.delete(guard);
  }

  /** Keeps `prefix` where it is for as long as at most half of the slots hold such prefixes. */
  pin(prefix: Prefix, slot: Slot): void {
    for (const guard of this.#pinned) {
      const alike = commonLength(guard.tokens, prefix);
      if (alike === prefix.length && guard.slot !== undefined) return;
      if (guard.slot === slot || guard.slot === undefined || alike === guard.tokens.length) this.unguard(guard);
    }
    const guard = this.guard([...prefix]);
    guard.slot = slot;
    this.#pinned.add(guard);
    for (const oldest of this.#pinned) {
      if (this.#pinned.size <= Math.max(1, Math.floor(this.slots.length / 2))) break;
      this.unguard(oldest);
    }
  }

  /** Lets everybody who waits look again: for a slot, or at an engine that is gone. */
  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  async #take({ slot, kept, source, shelter, isMove = false }: Choice, own: Guard | undefined): Promise<Slot> {
    slot.isClaimed = true;
    if (source !== undefined) source.readers++;
    const sheltered = shelter && this.#shelter(slot, shelter);
    if (isMove) this.#leave(source, slot, own);
    slot.lastUsed = ++this.#clock;
    this.#abandon(slot, source === undefined ? kept : 0, own);
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
  #leave(source: Slot | undefined, slot: Slot, own: Guard | undefined): void {
    this.#isMoving = true;
    slot.apart = 0;
    if (source !== undefined) source.lastUsed = 0;
    if (own !== undefined) own.slot = slot;
  }

  /** Puts what a slot holds, and who will come back to it, into another one, as old as it was. */
  async #shelter(slot: Slot, shelter: Slot): Promise<void> {
    shelter.isClaimed = true;
    shelter.lastUsed = slot.lastUsed;
    this.#abandon(shelter, 0, undefined);
    for (const guard of this.#guards) if (guard.slot === slot) guard.slot = shelter;
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
    const oldestFirst = [...free].sort((left, right) => left.lastUsed - right.lastUsed);
    const places = oldestFirst.map(rate);
    const inPlace = best(places.filter((place) => this.#mayContinue(place, guard)));
    const sources = this.#canCopy ? this.slots.filter((slot) => !slot.isClaimed || held.includes(slot)).map(rate) : [];
    const source = best(sources);
    const used = this.#used();
    // Who holds slots already computes in all of them at once, and often for long.
    const isApart = inPlace !== undefined && held.length > 0 && !isBeside(inPlace.slot, used) && !used.has(inPlace.slot.index);
    const isCopyWorth = source !== undefined && source.kept >= (isApart ? 0 : (inPlace?.kept ?? 0)) + WORTH_A_COPY;
    if (inPlace !== undefined && !isCopyWorth) return inPlace;
    const others = isCopyWorth ? places.filter(({ slot }) => slot !== source.slot) : places;
    // Somebody's tokens are dropped only for a request that could not go on at all.
    const nobodys = others.filter(({ slot }) => !this.#isGuarded(slot, 0, guard));
    const neighbour = nobodys.find(({ slot }) => isBeside(slot, used));
    if (isApart && neighbour === undefined) return inPlace;
    const target = neighbour ?? nobodys[0] ?? (held.length === 0 ? others[0] : undefined);
    if (target === undefined) return inPlace ?? (held.length === 0 ? source : undefined);
    const older = nobodys.find(({ slot }) => slot.lastUsed < target.slot.lastUsed)?.slot;
    const shelter = this.#canCopy && this.#loss(target.slot) >= WORTH_A_SHELTER ? older : undefined;
    return isCopyWorth ? { slot: target.slot, kept: source.kept, source: source.slot, shelter } : { ...target, shelter };
  }

  /** How many tokens nobody else holds that a slot holds. */
  #loss({ tokens }: Slot): number {
    const others = this.slots.filter((slot) => slot.tokens !== tokens);
    return tokens.length - Math.max(0, ...others.map((other) => commonLength(other.tokens, tokens)));
  }

  /** How a generation goes on beside the others, once it has stood apart from them for a while. */
  #move(own: Slot): Choice | undefined {
    const used = this.#generating();
    if (used.size < 2 || !this.#canCopy) return undefined;
    const place = placeBeside(own, { slots: this.slots, used, isGuarded: (slot) => this.#isGuarded(slot, 0, undefined) });
    own.apart = place === undefined ? 0 : own.apart + 1;
    if (place === undefined || own.apart < WORTH_A_MOVE || this.#isMoving) return undefined;
    return { ...place, kept: own.tokens.length, source: own, isMove: true };
  }

  /** The slots where generations go on. */
  #generating(): ReadonlySet<Slot> {
    const slots = new Set(this.#writing);
    for (const { wanted, slot } of this.#guards) if (wanted !== undefined && slot !== undefined) slots.add(slot);
    return slots;
  }

  /** Numbers of the slots that a request holds, or a paused generation comes back to. */
  #used(): ReadonlySet<number> {
    const used = [...this.#generating(), ...this.slots.filter(({ isClaimed }) => isClaimed)];
    return new Set(used.map(({ index }) => index));
  }

  /** Whether a request may go on where it shares tokens: what it drops must be nobody's, and little beside what it keeps. */
  #mayContinue({ slot, kept }: Choice, guard: Guard | undefined): boolean {
    const dropped = slot.tokens.length - kept;
    return kept > 0 && (dropped <= kept || !this.#canCopy) && !this.#isGuarded(slot, kept, guard);
  }

  #isGuarded(slot: Slot, kept: number, own: Guard | undefined): boolean {
    for (const guard of this.#guards) {
      if (guard !== own && guard.slot === slot && commonLength(slot.tokens, guard.tokens) > kept) return true;
    }
    return false;
  }

  /** Guards of what is about to be dropped have no slot any more. */
  #abandon(slot: Slot, kept: number, own: Guard | undefined): void {
    for (const guard of this.#guards) {
      if (guard === own || guard.slot !== slot || commonLength(slot.tokens, guard.tokens) <= kept) continue;
      guard.slot = undefined;
      if (this.#pinned.has(guard)) this.unguard(guard);
    }
  }
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
