import { describe, expect, it } from "vitest";
import { bootstrap, bootstrapTest, mcnemar, mean, wilson } from "../src/evaluation/index.ts";

describe("McNemar's exact test", () => {
  it.each([
    [0, 0, 1],
    [1, 0, 1],
    [5, 0, 0.0625],
    [0, 6, 0.03125],
    [9, 1, 22 / 1024],
    [3, 3, 1],
    // 2 * (C(900, 0) + ... + C(900, 400)) / 2^900, computed with whole numbers.
    [500, 400, 0.000956444137],
  ])("of %d pairs gained and %d lost gives %d", (gained, lost, p) => {
    expect(mcnemar(gained, lost)).toBeCloseTo(p, 6);
    expect(mcnemar(lost, gained)).toBeCloseTo(p, 6);
  });

  it("stays a probability where thousands of pairs differ", () => {
    expect(mcnemar(3000, 2000)).toBeLessThan(1e-40);
    expect(mcnemar(2000, 2000)).toBe(1);
  });
});

describe("the bootstrap", () => {
  const values = Array.from({ length: 100 }, (_, index) => index % 5);

  it("puts an interval around a mean that is about two standard errors wide on either side", () => {
    const { low, high } = bootstrap(values, mean);
    const standardError = Math.sqrt(2 / 100);
    expect(low).toBeCloseTo(2 - 1.96 * standardError, 1);
    expect(high).toBeCloseTo(2 + 1.96 * standardError, 1);
  });

  it("comes to the same each time", () => {
    expect(bootstrap(values, mean)).toEqual(bootstrap(values, mean));
  });

  it("finds no difference by chance alone where there is none, and a sure one where all point the same way", () => {
    expect(bootstrapTest([1, -1, 1, -1])).toBe(1);
    expect(bootstrapTest([0, 0, 0])).toBe(1);
    expect(bootstrapTest(Array.from({ length: 20 }, () => 0.5))).toBe(0.001);
  });
});

it("a share of nothing may be anything", () => {
  expect(wilson(0, 0)).toEqual({ rate: Number.NaN, low: 0, high: 1 });
});
