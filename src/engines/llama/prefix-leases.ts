import type { Prefix } from "../../core/engine.ts";
import { commonLength, type Slot, type Wanted } from "./slot.ts";

/** Somebody will come back to these tokens: a paused generation, or a prefix that was primed to stay. */
export interface PrefixLease {
  /** Grows as a generation goes on. */
  readonly tokens: Prefix;
  /** What to read along when somebody else computes the last of these tokens. */
  wanted: Wanted | undefined;
  /** Where they are computed, as far as they are. */
  slot: Slot | undefined;
}

/** Who will come back to what the slots hold. */
export class Guards implements Iterable<PrefixLease> {
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
    const guard: PrefixLease = { tokens, wanted: undefined, slot: undefined };
    this.#all.add(guard);
    return guard;
  }

  /** The guard of this very array. */
  of(tokens: Prefix): PrefixLease | undefined {
    for (const guard of this.#all) if (guard.tokens === tokens) return guard;
    return undefined;
  }

  remove(guard: PrefixLease): void {
    this.#all.delete(guard);
    this.#pinned.delete(guard);
  }

  /** Keeps `prefix` where it is until too many others were pinned after it. */
  pin(prefix: Prefix, slot: Slot): void {
    for (const guard of this.#pinned) {
      const alike = commonLength(guard.tokens, prefix);
      if (alike === prefix.length && guard.slot !== undefined) return;
      if (guard.slot === slot || guard.slot === undefined || alike === guard.tokens.length) this.remove(guard);
    }
    const guard = this.add([...prefix]);
    guard.slot = slot;
    this.#pinned.add(guard);
    for (const oldest of this.#pinned) {
      if (this.#pinned.size <= this.#mostPinned) break;
      this.remove(oldest);
    }
  }

  /** Whether anybody but `own` will come back to more than the first `kept` tokens of a slot. */
  has(slot: Slot, kept = 0, own?: PrefixLease): boolean {
    for (const guard of this.#all) {
      if (guard !== own && guard.slot === slot && commonLength(slot.tokens, guard.tokens) > kept) return true;
    }
    return false;
  }

  /** All tokens of a slot but the first `kept` ones are about to be dropped: guards of more than these have no slot any more. */
  abandon(slot: Slot, kept = 0, own?: PrefixLease): void {
    for (const guard of this.#all) {
      if (guard === own || guard.slot !== slot || commonLength(slot.tokens, guard.tokens) <= kept) continue;
      guard.slot = undefined;
      if (this.#pinned.has(guard)) this.remove(guard);
    }
  }

  /** What one slot holds is in another one from now on. */
  move(from: Slot, to: Slot): void {
    for (const guard of this.#all) if (guard.slot === from) guard.slot = to;
  }

  /** The slots of paused generations. */
  get paused(): Slot[] {
    return [...this.#all].flatMap(({ wanted, slot }) => (wanted === undefined || slot === undefined ? [] : [slot]));
  }
}
