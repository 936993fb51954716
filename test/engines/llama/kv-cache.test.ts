import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PrefixLease } from "../../../src/engines/llama/kv-cache.ts";
import type { Slot } from "../../../src/engines/llama/slot.ts";
import { MOST_CHECKPOINTS, SlotScene } from "../../support/slot-scene.ts";

const SLOTS = 8;
const PREAMBLE: readonly number[] = Array.from({ length: 40 }, (_, index) => 1000 + index);
const ORDERS = [Array(12).fill(1), Array(12).fill(2)] as const;

/** Computes a prefix as the engine does. Gives how many of its tokens were there already. */
async function read(scene: SlotScene, prefix: readonly number[], held: readonly Slot[] = []): Promise<{ slot: Slot; kept: number }> {
  const slot = await scene.cache.claim({ prefix, wanted: undefined, claimed: held });
  if (slot === undefined) throw new Error("Expected a slot, got none.");
  const kept = slot.tokens.length;
  scene.hold(slot, prefix.slice(kept));
  return { slot, kept };
}

describe("Both orders of a question about one text", () => {
  it("share what was computed of the text, whatever is kept for others, and wherever", async () => {
    const texts = fc.array(fc.nat({ max: 3 }), { minLength: 2, maxLength: 12 });
    const pinned = fc.uniqueArray(fc.nat({ max: SLOTS - 1 }), { maxLength: SLOTS / 2 - 1 });
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: SLOTS - 1 }), pinned, texts, async (home, others, asked) => {
        const scene = new SlotScene(SLOTS);
        const preamble = scene.slots[home] as Slot;
        await preamble.rewind(0);
        scene.hold(preamble, PREAMBLE);
        for (const slot of [preamble, ...others.filter((index) => index !== home).map((index) => scene.slots[index] as Slot)])
          scene.cache.leases.pin([...slot.tokens], slot);
        for (const text of asked) {
          const stem = [...PREAMBLE, ...Array(10).fill(10 + text)];
          const first = await read(scene, [...stem, ...ORDERS[0]]);
          const second = await read(scene, [...stem, ...ORDERS[1]], [first.slot]);
          expect(first.kept).toBeGreaterThanOrEqual(PREAMBLE.length);
          expect(second.kept).toBeGreaterThanOrEqual(stem.length);
          for (const { slot } of [first, second]) scene.cache.release(slot);
        }
      }),
    );
  });
});

describe("A long question about a paused generation", () => {
  it("takes the place of the one before it, and no other", async () => {
    const scene = new SlotScene(SLOTS);
    const home = scene.slots[2] as Slot;
    const draft = [...home.tokens];
    const lease = scene.cache.leases.add([...draft, 0]);
    lease.slot = home;
    lease.wanted = { topK: 1, logitsOf: [], hasOwnLogits: false };
    const others = scene.held.filter((_, index) => index !== home.index);
    for (const order of [1, 2, 1]) {
      const asked = await read(scene, [...draft, ...Array(18).fill(order)]);
      expect([asked.slot.index, asked.kept]).toEqual([home.index, draft.length]);
      scene.cache.release(asked.slot);
    }
    expect(lease.slot).toBe(home);
    expect(scene.held.filter((_, index) => index !== home.index)).toEqual(others);
  });
});

describe("A model that is rewound to saved states only", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("append" as const), tokens: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ kind: fc.constant("save" as const) }),
    fc.record({ kind: fc.constant("rewind" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.record({ kind: fc.constant("copy" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  );

  it("keeps as much of a prefix as its slot says, wherever it goes back to, and saves no more states than it may", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        const scene = new SlotScene(2, true, true);
        let [slot, other] = scene.slots as [Slot, Slot];
        for (const one of steps) {
          const length = "share" in one ? Math.floor(one.share * slot.tokens.length) : 0;
          const said = slot.keptAt(length);
          if (one.kind === "append") scene.hold(slot, Array(one.tokens).fill(slot.tokens.length));
          else if (one.kind === "save") await slot.takeCheckpoint();
          else if (one.kind === "rewind") await slot.rewind(length);
          else {
            await other.copyFrom(slot, length);
            [slot, other] = [other, slot];
          }
          if ("share" in one) expect(slot.tokens.length).toBe(said);
          const sequence = scene.sequences[slot.index];
          expect(sequence?.tokens).toEqual(slot.tokens);
          expect(sequence?.checkpoints.length).toBeLessThanOrEqual(MOST_CHECKPOINTS);
        }
      }),
    );
  });

  it("goes on in the slot that keeps most of a prefix, and not in the one that has most of it", async () => {
    const scene = new SlotScene(3, true, true);
    const prefix = Array.from({ length: 40 }, (_, index) => index);
    const [longer, shorter] = scene.slots as [Slot, Slot];
    for (const [slot, length] of [
      [longer, 36],
      [shorter, 30],
    ] as const) {
      await slot.rewind(0);
      scene.hold(slot, prefix.slice(0, length));
      if (slot === shorter) await slot.takeCheckpoint();
      scene.hold(slot, [7, 7]);
    }
    const { slot, kept } = await read(scene, prefix);
    expect([slot.index, kept]).toEqual([shorter.index, 30]);
    // The other one is where a prefix parted from this one: there the state is saved the next time.
    expect(slot.partsAt).toBe(36);
  });
});

class Scene extends SlotScene {
  /** Begins a generation where this slot is. */
  generate(index: number): Generation {
    const slot = this.slots[index] as Slot;
    const lease = this.cache.leases.add([...slot.tokens, 0]);
    lease.slot = slot;
    lease.wanted = { topK: 1, logitsOf: [], hasOwnLogits: false };
    return new Generation(this, lease);
  }
}

class Generation {
  readonly lease: PrefixLease;
  readonly #scene: Scene;

  constructor(scene: Scene, lease: PrefixLease) {
    this.#scene = scene;
    this.lease = lease;
  }

  /** Computes one token, as the engine does: it holds the slot meanwhile, and none between two tokens. */
  async step(): Promise<void> {
    const { cache } = this.#scene;
    const tokens = this.lease.tokens as number[];
    const slot = await cache.claim({ prefix: tokens, wanted: this.lease.wanted, lease: this.lease });
    if (slot === undefined) throw new Error("Expected a slot, got none.");
    this.#scene.hold(slot, tokens.slice(slot.tokens.length));
    this.lease.slot = slot;
    tokens.push(tokens.length);
    cache.release(slot);
  }
}

/** All generations compute so many tokens, side by side. */
async function steps(generations: readonly Generation[], count = 24): Promise<void> {
  for (let step = 0; step < count; step++) await Promise.all(generations.map((generation) => generation.step()));
}

function placesOf(generations: readonly Generation[]): number[] {
  return generations.map(({ lease }) => lease.slot?.index ?? Number.NaN).sort((left, right) => left - right);
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
        for (const { lease } of generations) {
          expect(lease.slot?.tokens).toEqual(lease.tokens.slice(0, -1));
          expect(scene.sequences[lease.slot?.index ?? Number.NaN]?.tokens).toEqual(lease.slot?.tokens);
        }
        // Of what is not leased only the oldest is lost, where it was in the way: what is left behind gives room to the rest.
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
        for (const tokens of pinned) scene.cache.leases.pin(tokens, scene.slots.find((slot) => slot.tokens[0] === tokens[0]) as Slot);
        await steps(begun.map((index) => scene.generate(index)));
        for (const tokens of pinned) expect(scene.cache.reach({ prefix: tokens })).toBe(tokens.length);
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

  it("stay where they are beside no other one, where no slot is free, and where sequences cannot be copied", async () => {
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
    for (const { lease } of generations) expect(lease.slot?.tokens).toEqual(lease.tokens.slice(0, -1));
    expect(scene.slots.some(({ isClaimed, readers }) => isClaimed || readers > 0)).toBe(false);
  });
});
