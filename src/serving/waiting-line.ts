/** Who waits, by key. Keys take turns, in the order in which they came; within one key, first come is first served. */
export class WaitingLine<Item> {
  /** In the order of their turns. No key is here for whom nobody waits. */
  readonly #lines = new Map<string, readonly Item[]>();

  get size(): number {
    return [...this.#lines.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Everybody, in no order that means anything. */
  get items(): readonly Item[] {
    return [...this.#lines.values()].flat();
  }

  join(key: string, item: Item): void {
    this.#lines.set(key, [...(this.#lines.get(key) ?? []), item]);
  }

  /** Whose turn it is; the key's next turn comes after those of all others. */
  take(): Item | undefined {
    for (const [key, [next, ...others]] of this.#lines) {
      this.#lines.delete(key);
      if (others.length > 0) this.#lines.set(key, others);
      return next;
    }
    return undefined;
  }

  /** Waits no longer; the key keeps its turn for those of it who do. */
  leave(key: string, item: Item): void {
    const others = (this.#lines.get(key) ?? []).filter((other) => other !== item);
    if (others.length > 0) this.#lines.set(key, others);
    else this.#lines.delete(key);
  }

  /** How many are taken before this one, if nobody else joins or leaves. `undefined`: it does not wait. */
  ahead(key: string, item: Item): number | undefined {
    const round = this.#lines.get(key)?.indexOf(item) ?? -1;
    if (round < 0) return undefined;
    let ahead = 0;
    let isBefore = true;
    for (const [other, { length }] of this.#lines) {
      if (other === key) isBefore = false;
      // A key is taken once in each round before this one, and in this round too if its turn comes first.
      ahead += Math.min(length, isBefore ? round + 1 : round);
    }
    return ahead;
  }
}
