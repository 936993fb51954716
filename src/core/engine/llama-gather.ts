import type { Slot } from "./llama-slot.ts";

/** A slot that a generation may move to. */
export interface Place {
  readonly slot: Slot;
  /** Where what the slot holds goes first. `undefined`: nowhere, it is the oldest of what the slots hold. */
  readonly shelter: Slot | undefined;
}

/** Which slots may be written, and which not. */
export interface Standing {
  readonly slots: readonly Slot[];
  /** Where generations go on. */
  readonly used: ReadonlySet<Slot>;
  /** Whether somebody will come back to what it holds. */
  readonly isGuarded: (slot: Slot) => boolean;
}

/**
 * Where a generation has to go for all of them to stand side by side with the fewest moves: llama.cpp computes a run of neighbouring
 * sequences in one piece, and cuts the batch at each gap, where it reads all weights once more. `undefined`: it stands well, or there
 * is no room.
 */
export function placeBeside(own: Slot, { slots, used, isGuarded }: Standing): Place | undefined {
  const idle = slots.filter((slot) => !slot.isClaimed && slot.readers === 0 && !used.has(slot));
  const nobodys = idle.filter((slot) => !isGuarded(slot)).sort((left, right) => left.lastUsed - right.lastUsed);
  const shelterOf = (slot: Slot) => nobodys.find((other) => other !== slot && (other.lastUsed < slot.lastUsed || isGuarded(slot)));
  const free = new Set(idle.filter((slot) => nobodys.includes(slot) || shelterOf(slot) !== undefined));
  const stretch = bestStretch(slots, used, free);
  if (stretch.includes(own)) return undefined;
  const slot = stretch.find((one) => free.has(one));
  return slot && { slot, shelter: shelterOf(slot) };
}

/** As many neighbours as there are generations, those of whom most are in use already; of equal ones the first. Empty: there are none. */
function bestStretch(slots: readonly Slot[], used: ReadonlySet<Slot>, free: ReadonlySet<Slot>): readonly Slot[] {
  const stretches = slots
    .slice(0, slots.length - used.size + 1)
    .map((_, start) => slots.slice(start, start + used.size))
    .filter((stretch) => stretch.every((slot) => used.has(slot) || free.has(slot)));
  const standing = (stretch: readonly Slot[]) => stretch.filter((slot) => used.has(slot)).length;
  return stretches.reduce<readonly Slot[]>((best, stretch) => (standing(stretch) > standing(best) ? stretch : best), []);
}
