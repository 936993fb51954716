import { deriveSeed, randomAt } from "../../src/core/index.ts";

/** A seeded sequence of choices. Two dice of the same seed make the same choices in the same order. */
export class Dice {
  readonly #seed: number;
  #thrown = 0;

  constructor(seed: number) {
    this.#seed = deriveSeed(seed, 0xd1ce);
  }

  /** A number in [0, 1). */
  next(): number {
    this.#thrown += 1;
    return randomAt(this.#seed, this.#thrown);
  }

  /** A whole number in [0, count). */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError("Expected at least one item to pick from, got none");
    return item;
  }

  /** One of the keys, each as likely as its weight. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][];
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) {
      left -= weight;
      if (left < 0) return key;
    }
    return (entries.at(-1) as [K, number])[0];
  }
}

/** A number in [0, 1) that depends on the text alone: decides, for ever, what is held out of training. */
export function hashed(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) as number), 0x01000193);
  return randomAt(hash, text.length);
}
