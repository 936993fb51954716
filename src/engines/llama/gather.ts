import type { Slot } from "./slot.ts";

/** Where generations stand, and where else they could. */
export interface Standing {
  /** In the order of their sequences. */
  readonly slots: readonly Slot[];
  /** Where generations go on. */
  readonly used: ReadonlySet<Slot>;
  /** Where a generation may move. */
  readonly free: ReadonlySet<Slot>;
}

/**
 * Where a generation has to go for all of them to stand side by side with the fewest moves: llama.cpp computes a run of neighbouring
 * sequences in one piece, and cuts the batch at each gap, where it reads all weights once more. `undefined`: it stands well, or there
 * is no room.
 */
export function placeBeside(own: Slot, standing: Standing): Slot | undefined {
  const stretch = bestStretch(standing);
  return stretch.includes(own) ? undefined : stretch.find((slot) => standing.free.has(slot));
}

/** Whether they stand side by side. */
export function isRun(used: ReadonlySet<Slot>): boolean {
  const places = [...used].map(({ index }) => index);
  return Math.max(...places) - Math.min(...places) === places.length - 1;
}

/** As many neighbours as there are generations, those of whom most are in use already; of equal ones the first. Empty: there are none. */
function bestStretch({ slots, used, free }: Standing): readonly Slot[] {
  const stretches = slots
    .slice(0, slots.length - used.size + 1)
    .map((_, start) => slots.slice(start, start + used.size))
    .filter((stretch) => stretch.every((slot) => used.has(slot) || free.has(slot)));
  const standing = (stretch: readonly Slot[]) => stretch.filter((slot) => used.has(slot)).length;
  return stretches.reduce<readonly Slot[]>((best, stretch) => (standing(stretch) > standing(best) ? stretch : best), []);
}
