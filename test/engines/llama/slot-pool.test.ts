import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Slot } from "../../../src/engines/llama/slot.ts";
import { SlotScene } from "../../support/slot-scene.ts";

const SLOTS = 8;
const PREAMBLE: readonly number[] = Array.from({ length: 40 }, (_, index) => 1000 + index);
const ORDERS = [Array(12).fill(1), Array(12).fill(2)] as const;

/** Computes a prefix as the engine does. Gives how many of its tokens were there already. */
async function read(scene: SlotScene, prefix: readonly number[], held: readonly Slot[] = []): Promise<{ slot: Slot; kept: number }> {
  const slot = await scene.pool.claim({ prefix, wanted: undefined, held });
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
          scene.pool.guards.pin([...slot.tokens], slot);
        for (const text of asked) {
          const stem = [...PREAMBLE, ...Array(10).fill(10 + text)];
          const first = await read(scene, [...stem, ...ORDERS[0]]);
          const second = await read(scene, [...stem, ...ORDERS[1]], [first.slot]);
          expect(first.kept).toBeGreaterThanOrEqual(PREAMBLE.length);
          expect(second.kept).toBeGreaterThanOrEqual(stem.length);
          for (const { slot } of [first, second]) scene.pool.release(slot);
        }
      }),
    );
  });
});

describe("A long question about a paused generation", () => {
  it("takes the place of the one before it, and nobody else's", async () => {
    const scene = new SlotScene(SLOTS);
    const home = scene.slots[2] as Slot;
    const draft = [...home.tokens];
    const guard = scene.pool.guards.add([...draft, 0]);
    guard.slot = home;
    guard.wanted = { topK: 1, logitsOf: [] };
    const others = scene.held.filter((_, index) => index !== home.index);
    for (const order of [1, 2, 1]) {
      const asked = await read(scene, [...draft, ...Array(18).fill(order)]);
      expect([asked.slot.index, asked.kept]).toEqual([home.index, draft.length]);
      scene.pool.release(asked.slot);
    }
    expect(guard.slot).toBe(home);
    expect(scene.held.filter((_, index) => index !== home.index)).toEqual(others);
  });
});
