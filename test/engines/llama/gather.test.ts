import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PrefixLease } from "../../../src/engines/llama/prefix-leases.ts";
import type { Slot } from "../../../src/engines/llama/slot.ts";
import { SlotScene } from "../../support/slot-scene.ts";

class Scene extends SlotScene {
  /** Begins a generation where this slot is. */
  generate(index: number): Generation {
    const slot = this.slots[index] as Slot;
    const guard = this.pool.guards.add([...slot.tokens, 0]);
    guard.slot = slot;
    guard.wanted = { topK: 1, logitsOf: [] };
    return new Generation(this, guard);
  }
}

class Generation {
  readonly guard: PrefixLease;
  readonly #scene: Scene;

  constructor(scene: Scene, guard: PrefixLease) {
    this.#scene = scene;
    this.guard = guard;
  }

  /** Computes one token, as the engine does: it holds the slot meanwhile, and none between two tokens. */
  async step(): Promise<void> {
    const { pool } = this.#scene;
    const tokens = this.guard.tokens as number[];
    const slot = await pool.claim({ prefix: tokens, wanted: this.guard.wanted, guard: this.guard });
    if (slot === undefined) throw new Error("Expected a slot, got none.");
    this.#scene.hold(slot, tokens.slice(slot.tokens.length));
    this.guard.slot = slot;
    tokens.push(tokens.length);
    pool.release(slot);
  }
}

/** All generations compute so many tokens, side by side. */
async function steps(generations: readonly Generation[], count = 24): Promise<void> {
  for (let step = 0; step < count; step++) await Promise.all(generations.map((generation) => generation.step()));
}

function placesOf(generations: readonly Generation[]): number[] {
  return generations.map(({ guard }) => guard.slot?.index ?? Number.NaN).sort((left, right) => left - right);
}

function isRun(places: readonly number[]): boolean {
  return places.every((place, index) => index === 0 || place === (places[index - 1] ?? 0) + 1);
}

const places = (most: number) => fc.uniqueArray(fc.nat(most), { minLength: 2, maxLength: most });

describe("Generations that stand apart", () => {
  it("move until they stand side by side, with all that they have written", async () => {
    await fc.assert(
      fc.asyncProperty(places(8), async (begun) => {
        const scene = new Scene(9);
        const before = scene.held;
        const generations = begun.map((index) => scene.generate(index));
        await steps(generations);
        expect(isRun(placesOf(generations))).toBe(true);
        for (const { guard } of generations) {
          expect(guard.slot?.tokens).toEqual(guard.tokens.slice(0, -1));
          expect(scene.sequences[guard.slot?.index ?? Number.NaN]?.tokens).toEqual(guard.slot?.tokens);
        }
        // Of what nobody uses only the oldest is lost, where it was in the way: what is left behind gives room to the rest.
        const idle = before.filter((_, index) => !begun.includes(index));
        expect(idle.slice(1).filter((held) => !scene.held.includes(held))).toEqual([]);
      }),
    );
  });

  it("move as few as can be", async () => {
    const scene = new Scene(9);
    const generations = [0, 5, 6, 7].map((index) => scene.generate(index));
    await steps(generations);
    expect(placesOf(generations)).toEqual([4, 5, 6, 7]);
  });

  it("leave what is kept for others where those find it", async () => {
    await fc.assert(
      fc.asyncProperty(places(8), fc.uniqueArray(fc.nat(8), { minLength: 1, maxLength: 4 }), async (begun, kept) => {
        const scene = new Scene(9);
        const pinned = kept.filter((index) => !begun.includes(index)).map((index) => [...(scene.slots[index] as Slot).tokens]);
        for (const tokens of pinned) scene.pool.guards.pin(tokens, scene.slots.find((slot) => slot.tokens[0] === tokens[0]) as Slot);
        await steps(begun.map((index) => scene.generate(index)));
        for (const tokens of pinned) expect(scene.pool.reach(tokens)).toBe(tokens.length);
      }),
    );
  });

  it("stay for a few tokens, as the others may end before", async () => {
    const scene = new Scene(5);
    const generations = [0, 4].map((index) => scene.generate(index));
    await steps(generations, 3);
    expect(placesOf(generations)).toEqual([0, 4]);
    await steps(generations, 1);
    expect(isRun(placesOf(generations))).toBe(true);
  });

  it("stay where they are beside nobody, where no slot is free, and where sequences cannot be copied", async () => {
    const lone = new Scene(5);
    const one = lone.generate(2);
    await steps([one]);
    expect(placesOf([one])).toEqual([2]);

    const full = new Scene(3);
    (full.slots[1] as Slot).isClaimed = true;
    const apart = [full.generate(0), full.generate(2)];
    await steps(apart);
    expect(placesOf(apart)).toEqual([0, 2]);

    const plain = new Scene(5, false);
    const still = [plain.generate(0), plain.generate(4)];
    await steps(still);
    expect(placesOf(still)).toEqual([0, 4]);
  });

  it("go on, computing anew, where a copy fails", async () => {
    const scene = new Scene(5);
    for (const sequence of scene.sequences) sequence.isBroken = true;
    const generations = [0, 4].map((index) => scene.generate(index));
    await steps(generations);
    for (const { guard } of generations) expect(guard.slot?.tokens).toEqual(guard.tokens.slice(0, -1));
    expect(scene.slots.some(({ isClaimed, readers }) => isClaimed || readers > 0)).toBe(false);
  });
});
