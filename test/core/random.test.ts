import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deriveSeed, randomAt } from "../../src/core/index.ts";

describe("Random numbers", () => {
  it("lie in [0, 1) and depend on seed and index alone", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.nat(), (seed, index) => {
        const random = randomAt(seed, index);
        expect(random).toBe(randomAt(seed, index));
        expect(random >= 0 && random < 1).toBe(true);
      }),
    );
  });

  it.each([
    ["along the positions of one seed", (index: number) => randomAt(42, index)],
    ["along seeds at one position", (index: number) => randomAt(index, 42)],
    ["along derived seeds", (index: number) => randomAt(deriveSeed(1, index), 0)],
  ])("are spread evenly %s", (_, random) => {
    const tenths = new Array<number>(10).fill(0);
    for (let index = 0; index < 10_000; index++) {
      const tenth = Math.floor(random(index) * 10);
      tenths[tenth] = (tenths[tenth] as number) + 1;
    }
    for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it("have seeds of their own for each part of the work, all 32-bit integers", () => {
    const seeds = Array.from({ length: 1000 }, (_, part) => deriveSeed(7, part));
    expect(new Set(seeds).size).toBe(1000);
    for (const seed of seeds) expect(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32).toBe(true);
    expect(deriveSeed(7, 1, 2)).not.toBe(deriveSeed(7, 2, 1));
  });
});
