import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  auroc,
  aurocInterval,
  balancedAccuracyAt,
  bestBalancedAccuracy,
  caughtAt,
  expectedCalibrationError,
  f1At,
  prAuc,
  reliability,
  rocCurve,
  type Scored,
  thresholdFor,
} from "../../src/judges/index.ts";

/** Values with many ties among them. */
const value = fc.integer({ min: -8, max: 8 }).map((eighths) => eighths / 8);
const one = fc.record({ value, good: fc.boolean(), group: fc.constantFrom("a", "b", "c", "d", "e") });

/** Good and bad answers to two prompts at least. */
const answers = fc
  .tuple(fc.array(one, { maxLength: 30 }), value, value)
  .map(([more, high, low]): Scored[] => [{ value: high, good: true, group: "a" }, { value: low, good: false, group: "b" }, ...more]);

function scored(good: readonly number[], bad: readonly number[]): Scored[] {
  return [
    ...good.map((one, index) => ({ value: one, good: true, group: `good ${index}` })),
    ...bad.map((one, index) => ({ value: one, good: false, group: `bad ${index}` })),
  ];
}

function valuesOf(all: readonly Scored[], isGood: boolean): number[] {
  return all.filter(({ good }) => good === isGood).map((one) => one.value);
}

function shareOf(values: readonly number[], isCounted: (one: number) => boolean): number {
  return values.filter(isCounted).length / values.length;
}

describe("the AUROC", () => {
  it("is the share of pairs of a good and a bad answer in which the good one has the higher value, the same value counting half", () => {
    fc.assert(
      fc.property(answers, (all) => {
        const [good, bad] = [valuesOf(all, true), valuesOf(all, false)];
        const won = good.flatMap((high) => bad.map((low) => (high > low ? 1 : high === low ? 0.5 : 0)));
        expect(auroc(all)).toBeCloseTo(won.reduce<number>((sum, pair) => sum + pair, 0) / won.length, 12);
      }),
    );
  });

  it("is the same for any map of the values that keeps their order, and in any order of the answers", () => {
    const maps = [(x: number) => x ** 3, (x: number) => Math.tanh(5 * x), (x: number) => Math.exp(x) - 7, (x: number) => Math.fround(x)];
    fc.assert(
      fc.property(answers, fc.constantFrom(...maps), (all, map) => {
        expect(auroc(all.map((one) => ({ ...one, value: map(one.value) })))).toBe(auroc(all));
        expect(auroc(all.toReversed())).toBe(auroc(all));
      }),
    );
  });

  it("is what is left to 1 where all verdicts are turned round", () => {
    fc.assert(
      fc.property(answers, (all) => {
        expect(auroc(all.map((one) => ({ ...one, good: !one.good })))).toBeCloseTo(1 - auroc(all), 12);
      }),
    );
  });

  it("is 1 for a perfect judge, 0 for one that is always wrong, and 0.5 for one that says the same of all", () => {
    expect(auroc(scored([0.5, 1], [-1, 0.25]))).toBe(1);
    expect(auroc(scored([-1, 0.25], [0.5, 1]))).toBe(0);
    expect(auroc(scored([0, 0, 0], [0, 0]))).toBe(0.5);
  });
});

describe("the interval of the AUROC", () => {
  it("is the same for the same seed, and another one for another", () => {
    const all = scored([0.5, 0.1, -0.2, 0.9, 0.3], [-0.5, 0.2, -0.1, 0.4]);
    expect(aurocInterval(all, { seed: 7 })).toEqual(aurocInterval(all, { seed: 7 }));
    expect(aurocInterval(all, { seed: 7, draws: 20 })).not.toEqual(aurocInterval(all, { seed: 8, draws: 20 }));
  });

  it("lies in [0, 1], and is the wider the surer it is", () => {
    fc.assert(
      fc.property(answers, fc.nat(), (all, seed) => {
        const [narrow, wide] = [0.5, 0.99].map((level) => aurocInterval(all, { level, draws: 60, seed })) as [Range, Range];
        const bounds = [0, wide.low, narrow.low, narrow.high, wide.high, 1];
        expect(bounds).toEqual(bounds.toSorted((left, right) => left - right));
      }),
      { numRuns: 30 },
    );
  });

  it("is about two standard errors wide on either side, as Hanley and McNeil give them", () => {
    const n = 100;
    const spread = (at: number) => Array.from({ length: n }, (_, index) => at + index / n);
    const all = scored(spread(0.3), spread(0));
    const area = auroc(all);
    const [q1, q2] = [area / (2 - area), (2 * area ** 2) / (1 + area)];
    const error = Math.sqrt((area * (1 - area) + (n - 1) * (q1 - area ** 2) + (n - 1) * (q2 - area ** 2)) / n ** 2);
    const { low, high } = aurocInterval(all, { seed: 1 });
    expect(area - low).toBeCloseTo(1.96 * error, 1);
    expect(high - area).toBeCloseTo(1.96 * error, 1);
  });

  it("draws prompts and not answers: who answers each prompt ten times knows no more", () => {
    const few = scored([0.5, 0.1, -0.2, 0.9], [-0.5, 0.2, -0.1, 0.4]);
    const many = few.flatMap((one) => Array.from({ length: 10 }, () => one));
    expect(aurocInterval(many, { seed: 3 })).toEqual(aurocInterval(few, { seed: 3 }));
  });

  it("leaves out what it draws without good or without bad answers", () => {
    expect(aurocInterval(scored([1], [-1]), { seed: 1 })).toEqual({ low: 1, high: 1 });
  });

  it("refuses answers to one prompt, options out of range, and draws among which none has both kinds", () => {
    const all = scored([1], [-1]);
    const alike = all.map((one) => ({ ...one, group: "one" }));
    expect(() => aurocInterval(alike, { seed: 1 })).toThrow(
      new RangeError("Expected answers to at least 2 prompts to draw from, got those to 1"),
    );
    expect(() => aurocInterval(all, { seed: 1, level: 1 })).toThrow(new RangeError("Expected `level` to be above 0 and below 1, got 1"));
    expect(() => aurocInterval(all, { seed: 1, draws: 0 })).toThrow(new RangeError("Expected `draws` to be a positive integer, got 0"));
    const seeds = Array.from({ length: 20 }, (_, seed) => () => aurocInterval(all, { seed, draws: 1 }));
    const told = seeds.flatMap((draw) => {
      try {
        draw();
        return [];
      } catch (error) {
        return [String(error)];
      }
    });
    expect(new Set(told)).toEqual(new Set(["RangeError: Expected a resample of good and bad answers among 1, got none (draw more)"]));
  });
});

interface Range {
  readonly low: number;
  readonly high: number;
}

describe("finding bad answers", () => {
  it("has an average precision as worked out by hand", () => {
    // From the lowest value: bad, good, bad, good.
    expect(prAuc(scored([-0.5, 0.5], [-1, 0]))).toBeCloseTo((1 + 2 / 3) / 2, 12);
    expect(prAuc(scored([0.5, 1], [-1, -0.5]))).toBe(1);
  });

  it("has as its average precision the mean, over bad answers, of the share of bad ones among all that are valued no higher", () => {
    fc.assert(
      fc.property(answers, (all) => {
        const shares = valuesOf(all, false).map((low) => {
          const flagged = all.filter((one) => one.value <= low);
          return valuesOf(flagged, false).length / flagged.length;
        });
        expect(prAuc(all)).toBeCloseTo(shares.reduce((sum, share) => sum + share, 0) / shares.length, 12);
      }),
    );
    expect(prAuc(scored([0, 0, 0], [0]))).toBe(1 / 4);
  });

  it("has the F1 of precision and recall below the threshold", () => {
    const all = scored([0.5, 0.1, -0.4], [-0.5, 0.2]);
    // Flagged below 0.2: two good ones and a bad one of two.
    expect(f1At(all, 0.2)).toBeCloseTo((2 * (1 / 3) * (1 / 2)) / (1 / 3 + 1 / 2), 12);
    expect(f1At(all, -1)).toBe(0);
    expect(f1At(scored([1], [0]), 0.5)).toBe(1);
  });

  it("catches the share below the threshold that flags so many good ones", () => {
    const all = scored([0, 0.1, 0.2, 0.3], [-1, 0.05, 0.1, 0.15]);
    expect(caughtAt(all, 0)).toBe(1 / 4);
    expect(caughtAt(all, 0.25)).toBe(2 / 4);
    expect(caughtAt(all, 0.5)).toBe(4 / 4);
    expect(() => caughtAt(all, 1)).toThrow(RangeError);
  });
});

describe("the balanced accuracy", () => {
  it("is the mean of both kinds' shares, of which a value at the threshold passes", () => {
    const all = scored([0.5, 0.1, -0.4, 0.2], [-0.5, 0.2]);
    expect(balancedAccuracyAt(all, 0.2)).toBe((2 / 4 + 1 / 2) / 2);
    expect(balancedAccuracyAt(all, -1)).toBe(0.5);
  });

  it("is best at a threshold that no other one beats, and that is what it says", () => {
    fc.assert(
      fc.property(answers, (all) => {
        const { threshold, balancedAccuracy } = bestBalancedAccuracy(all);
        expect(balancedAccuracyAt(all, threshold)).toBeCloseTo(balancedAccuracy, 12);
        for (const other of [...all.map((one) => one.value), 2])
          expect(balancedAccuracyAt(all, other)).toBeLessThanOrEqual(balancedAccuracy + 1e-12);
      }),
    );
  });

  it("is best half-way between the values, and at one of them where no number lies between", () => {
    expect(bestBalancedAccuracy(scored([0.5, 1], [-1, 0]))).toEqual({ threshold: 0.25, balancedAccuracy: 1 });
    const next = 1 + Number.EPSILON;
    expect(bestBalancedAccuracy(scored([next], [1]))).toEqual({ threshold: next, balancedAccuracy: 1 });
  });

  it("passes all where the judge is always wrong", () => {
    expect(bestBalancedAccuracy(scored([-1], [1]))).toEqual({ threshold: -1, balancedAccuracy: 0.5 });
  });
});

describe("calibration", () => {
  const of = (likelihood: number, good: number, bad: number) => {
    const repeated = (n: number) => Array.from({ length: n }, () => 2 * likelihood - 1);
    return scored(repeated(good), repeated(bad));
  };

  it("is off by nothing where so many answers are good as their value says", () => {
    expect(expectedCalibrationError([...of(0.25, 1, 3), ...of(0.5, 2, 2), ...of(0.75, 3, 1)])).toBe(0);
    expect(expectedCalibrationError(scored([1, 1], [-1]))).toBe(0);
  });

  it("is off by 1 where all is the other way round, and by how far each bin is off, weighted by its answers", () => {
    expect(expectedCalibrationError(scored([-1], [1]))).toBe(1);
    expect(expectedCalibrationError([...of(0.75, 1, 1), ...of(0.125, 1, 7)])).toBeCloseTo((2 * 0.25 + 8 * 0) / 10, 12);
  });

  it("is from 0 to 1, and 0 in one bin when the mean of p(good) is the share of good answers", () => {
    fc.assert(
      fc.property(answers, fc.integer({ min: 1, max: 20 }), (all, bins) => {
        const error = expectedCalibrationError(all, bins);
        expect(error >= 0 && error <= 1).toBe(true);
      }),
    );
    expect(expectedCalibrationError(scored([0.5], [-0.5]), 1)).toBe(0);
  });

  it("is shown in bins that hold each answer once, of which the empty ones are left out", () => {
    expect(reliability([...of(0.25, 1, 3), ...of(1, 2, 0)], 4)).toEqual([
      { from: 0.25, to: 0.5, n: 4, expected: 0.25, observed: 0.25 },
      { from: 0.75, to: 1, n: 2, expected: 1, observed: 1 },
    ]);
    fc.assert(
      fc.property(answers, fc.integer({ min: 1, max: 20 }), (all, bins) => {
        const found = reliability(all, bins);
        expect(found.reduce((sum, { n }) => sum + n, 0)).toBe(all.length);
        for (const { from, to, expected } of found) expect(expected >= from - 1e-9 && expected <= to + 1e-9).toBe(true);
      }),
    );
  });

  it("refuses values that are no likelihood, and no bins", () => {
    expect(() => reliability(scored([1.5], [0]))).toThrow(new RangeError("Expected values from -1 to 1, got 1.5"));
    expect(() => expectedCalibrationError(scored([1], [0]), 0.5)).toThrow(
      new RangeError("Expected `bins` to be a positive integer, got 0.5"),
    );
  });
});

describe("the ROC curve", () => {
  const areaOf = (points: ReturnType<typeof rocCurve>) =>
    points.slice(1).reduce((sum, { goodFlagged: x, badCaught: y }, index) => {
      const before = points[index]!;
      return sum + ((x - before.goodFlagged) * (y + before.badCaught)) / 2;
    }, 0);

  it("goes from flagging nothing to flagging all without a step back, and has the AUROC below it", () => {
    fc.assert(
      fc.property(answers, (all) => {
        const points = rocCurve(all);
        expect(points[0]).toEqual({ goodFlagged: 0, badCaught: 0 });
        expect(points.at(-1)).toEqual({ goodFlagged: 1, badCaught: 1 });
        for (const [index, { goodFlagged, badCaught }] of points.slice(1).entries())
          expect(goodFlagged >= points[index]!.goodFlagged && badCaught >= points[index]!.badCaught).toBe(true);
        expect(areaOf(points)).toBeCloseTo(auroc(all), 12);
      }),
    );
  });

  it("has corners alone, and no more than asked for", () => {
    expect(rocCurve(scored([0.5, 0.6, 0.7], [-1, -0.9, -0.8]))).toEqual([
      { goodFlagged: 0, badCaught: 0 },
      { goodFlagged: 0, badCaught: 1 },
      { goodFlagged: 1, badCaught: 1 },
    ]);
    const many = Array.from({ length: 500 }, (_, index) => index / 500);
    const points = rocCurve(
      scored(
        many,
        many.map((x) => x - 0.1001),
      ),
    );
    expect(points).toHaveLength(41);
    expect(points[0]).toEqual({ goodFlagged: 0, badCaught: 0 });
    expect(points.at(-1)).toEqual({ goodFlagged: 1, badCaught: 1 });
    expect(() => rocCurve(scored([1], [0]), 1)).toThrow(new RangeError("Expected `most` to be an integer of 2 or more, got 1"));
  });
});

describe("the threshold for a share of good answers", () => {
  it("flags at most that share, and any higher one flags more", () => {
    const share = fc.oneof(
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.integer({ min: 0, max: 99 }).map((percent) => percent / 100),
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(value, fc.double({ min: -1, max: 1, noNaN: true })), { minLength: 1, maxLength: 100 }),
        share,
        (good, most) => {
          const threshold = thresholdFor(good, most);
          expect(shareOf(good, (one) => one < threshold)).toBeLessThanOrEqual(most);
          expect(shareOf(good, (one) => one <= threshold)).toBeGreaterThan(most);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("flags 29 of 100 at 0.29 and 1 of 10 at 0.1, whatever their product is rounded to", () => {
    const upTo = (n: number) => Array.from({ length: n }, (_, index) => index / n);
    expect(thresholdFor(upTo(100), 0.29)).toBe(0.29);
    expect(thresholdFor(upTo(100), 0.07)).toBe(0.07);
    expect(thresholdFor(upTo(10), 0.1)).toBe(0.1);
    expect(thresholdFor(upTo(10), 0)).toBe(0);
  });

  it.each([
    [[], 0.1, "Expected values of good answers, got none"],
    [[0, Number.NaN], 0.1, "Expected a value that is a number, got NaN"],
    [[0], 1, "Expected a share of good answers from 0 to below 1, got 1"],
    [[0], -0.1, "Expected a share of good answers from 0 to below 1, got -0.1"],
    [[0], Number.NaN, "Expected a share of good answers from 0 to below 1, got NaN"],
  ])("refuses %j at %d", (good, share, told) => {
    expect(() => thresholdFor(good, share)).toThrow(new RangeError(told));
  });
});

describe("what nothing can be said of is refused by", () => {
  it.each([
    ["auroc", auroc],
    ["aurocInterval", (all: readonly Scored[]) => aurocInterval(all, { seed: 1 })],
    ["prAuc", prAuc],
    ["f1At", (all: readonly Scored[]) => f1At(all, 0)],
    ["balancedAccuracyAt", (all: readonly Scored[]) => balancedAccuracyAt(all, 0)],
    ["bestBalancedAccuracy", bestBalancedAccuracy],
    ["expectedCalibrationError", (all: readonly Scored[]) => expectedCalibrationError(all)],
    ["reliability", (all: readonly Scored[]) => reliability(all)],
    ["rocCurve", (all: readonly Scored[]) => rocCurve(all)],
    ["caughtAt", (all: readonly Scored[]) => caughtAt(all, 0.1)],
  ])("%s", (_, measure: (all: readonly Scored[]) => unknown) => {
    expect(() => measure([])).toThrow(new RangeError("Expected answers with values, got none"));
    expect(() => measure(scored([0, 1], []))).toThrow(new RangeError("Expected good and bad answers, got 2 good and 0 bad ones"));
    expect(() => measure(scored([], [1]))).toThrow(new RangeError("Expected good and bad answers, got 0 good and 1 bad ones"));
    expect(() => measure(scored([0], [Number.NaN]))).toThrow(new RangeError("Expected a value that is a number, got NaN"));
  });

  it("a threshold that is no number", () => {
    for (const measure of [f1At, balancedAccuracyAt])
      expect(() => measure(scored([1], [0]), Number.NaN)).toThrow(new RangeError("Expected a threshold that is a number, got NaN"));
  });
});
