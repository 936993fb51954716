import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  auroc,
  expectedCalibrationError,
  fitReadout,
  logistic,
  logOdds,
  type Reading,
  type Scored,
  sigmoid,
} from "../../src/judges/index.ts";
import { fitReadoutInSteps, foldsOf, plattScaling } from "../../src/judges/readout.ts";
import { anyDirection, drawer, plantedReadings } from "../support/planted.ts";

const TOKENS = Array.from({ length: 16 }, (_, token) => 100 + token);

function scored(odds: readonly number[], readings: readonly Reading[]): Scored[] {
  return readings.map(({ good, group }, index) => ({ value: 2 * sigmoid(odds[index] as number) - 1, good, group }));
}

function cosine(left: readonly number[], right: readonly number[]): number {
  return left.reduce((sum, one, index) => sum + one * (right[index] as number), 0) / (Math.hypot(...left) * Math.hypot(...right));
}

function centred(values: readonly number[]): number[] {
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  return values.map((one) => one - mean);
}

describe("A read-out that is fitted on readings", () => {
  const direction = anyDirection(TOKENS.length, 3);
  const readings = plantedReadings({ direction, groups: 200, each: 4 });
  const fitted = fitReadout(TOKENS, readings);

  it("is the same when it is fitted in steps, between which others come to their turn, and ends with its signal", async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const { readout, outOfFold } = await fitReadoutInSteps(TOKENS, readings);
    clearInterval(timer);
    expect([readout, outOfFold]).toEqual([fitted.readout, fitted.outOfFold]);
    expect(turns).toBeGreaterThan(2);
    await expect(fitReadoutInSteps(TOKENS, readings, AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
  });

  it("finds the direction in which good and bad ones differ", () => {
    expect(fitted.readout.tokens).toEqual(TOKENS);
    expect(cosine(centred(fitted.readout.weights), direction)).toBeGreaterThan(0.95);
  });

  it("tells new ones apart about as well as it can be done, and says beforehand how well", () => {
    const fresh = plantedReadings({ direction, groups: 400, each: 4, seed: 2 });
    const best = auroc(
      scored(
        fresh.map(({ odds }) => odds),
        fresh,
      ),
    );
    const found = auroc(
      scored(
        fresh.map(({ logits }) => logOdds(fitted.readout, logits)),
        fresh,
      ),
    );
    expect(found).toBeGreaterThan(best - 0.02);
    expect(Math.abs(fitted.auroc - found)).toBeLessThan(0.03);
    expect(fitted.auroc).toBeCloseTo(auroc(scored(fitted.outOfFold, readings)), 9);
  });

  it("says nothing where there is nothing to be known: out of fold it guesses, however many tokens it reads", () => {
    const { even, normal } = drawer(3);
    const tokens = Array.from({ length: 120 }, (_, token) => token);
    const noise = Array.from({ length: 300 }, (_, index) => ({
      logits: tokens.map(normal),
      good: even() < 0.5,
      group: `prompt ${index}`,
    }));
    const found = fitReadout(tokens, noise);
    expect(Math.abs(found.auroc - 0.5)).toBeLessThan(0.1);
    expect(Math.max(...found.outOfFold.map(Math.abs))).toBeLessThan(1);
  });

  it("does not change when a number is added to all logits of a reading: models' logits are known up to that only", () => {
    const few = plantedReadings({ direction: anyDirection(4, 2), groups: 20, each: 3 });
    const { readout, outOfFold } = fitReadout([1, 2, 3, 4], few);
    fc.assert(
      fc.property(fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: few.length, maxLength: few.length }), (shifts) => {
        const shifted = few.map(({ logits, ...one }, index) => ({
          ...one,
          logits: logits.map((logit) => logit + (shifts[index] as number)),
        }));
        const other = fitReadout([1, 2, 3, 4], shifted);
        for (const [index, weight] of other.readout.weights.entries()) expect(weight).toBeCloseTo(readout.weights[index] as number, 6);
        expect(other.readout.bias).toBeCloseTo(readout.bias, 6);
        for (const [index, odds] of other.outOfFold.entries()) expect(odds).toBeCloseTo(outOfFold[index] as number, 6);
        for (const [index, { logits }] of shifted.entries())
          expect(logOdds(readout, logits)).toBeCloseTo(logOdds(readout, few[index]?.logits ?? []), 6);
      }),
      { numRuns: 20 },
    );
  });

  it("is the same for the same readings, also in another order", () => {
    expect(fitReadout(TOKENS, readings)).toMatchObject({ readout: fitted.readout, outOfFold: fitted.outOfFold });
    const turned = fitReadout(TOKENS, readings.toReversed());
    for (const [index, weight] of turned.readout.weights.entries()) expect(weight).toBeCloseTo(fitted.readout.weights[index] as number, 6);
  });

  it("gives odds out of fold that are worth what they say", () => {
    const many = plantedReadings({ direction, groups: 500, each: 4, seed: 5 });
    for (const bias of [0, -1.5]) {
      const lopsided = plantedReadings({ direction, bias, groups: 500, each: 4, seed: 5 });
      const { outOfFold } = fitReadout(TOKENS, lopsided);
      expect(expectedCalibrationError(scored(outOfFold, lopsided))).toBeLessThan(0.04);
    }
    // ... which is more than can be said of the scores as they were before.
    const { outOfFold } = fitReadout(TOKENS, many);
    expect(
      expectedCalibrationError(
        scored(
          outOfFold.map((odds) => 4 * odds),
          many,
        ),
      ),
    ).toBeGreaterThan(0.04);
  });

  it("stays finite where good and bad ones never overlap", () => {
    const parted = readings.map((reading) => ({ ...reading, good: reading.odds > 0 }));
    const { outOfFold, readout } = fitReadout(TOKENS, parted);
    expect([...outOfFold, ...readout.weights, readout.bias].every(Number.isFinite)).toBe(true);
  });

  it("says nothing where nothing that is read ever differs", () => {
    const same = Array.from({ length: 20 }, (_, index) => ({ logits: [1, 2, 3], good: index % 2 === 0, group: `${index}` }));
    expect(fitReadout([1, 2, 3], same).auroc).toBeCloseTo(0.5, 1);
    expect(fitReadout([1, 2, 3], same).outOfFold.every(Number.isFinite)).toBe(true);
  });
});

describe("Readings of one group", () => {
  it("are all in one fold, whatever their order, and folds are of about the same size", () => {
    const group = fc.string({ minLength: 1, maxLength: 6 });
    const groups = fc.uniqueArray(group, { minLength: 5, maxLength: 40 });
    fc.assert(
      fc.property(groups, fc.array(fc.nat(), { minLength: 10, maxLength: 120 }), (names, picks) => {
        const readings = [...names, ...picks.map((pick) => names[pick % names.length] as string)].map((name, index) => ({
          group: name,
          good: index % 2 === 0,
        }));
        const folds = foldsOf(readings);
        const foldOf = new Map<string, number>();
        for (const [index, { group: name }] of readings.entries()) {
          expect(foldOf.get(name) ?? folds[index]).toBe(folds[index]);
          foldOf.set(name, folds[index] as number);
        }
        const sizes = [0, 1, 2, 3, 4].map((fold) => [...foldOf.values()].filter((one) => one === fold).length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        const turned = foldsOf(readings.toReversed());
        expect(turned.toReversed()).toEqual(folds);
      }),
    );
  });

  it("are never learned from to judge each other: what gives a group away, and nothing else, is worth nothing out of fold", () => {
    const { even, normal } = drawer(11);
    const groups = Array.from({ length: 40 }, (_, index) => ({ group: `prompt ${index}`, good: even() < 0.5, mark: index }));
    const tokens = groups.map(({ mark }) => mark);
    const readings = groups.flatMap(({ group, good, mark }) =>
      Array.from({ length: 6 }, () => ({ group, good, logits: tokens.map((token) => (token === mark ? 8 : 0) + 0.1 * normal()) })),
    );
    const { readout, outOfFold } = fitReadout(tokens, readings);
    const within = readings.map(({ logits }) => logOdds(readout, logits));
    expect(Math.abs(auroc(scored(within, readings)) - 0.5)).toBeGreaterThan(0.45);
    expect(auroc(scored(outOfFold, readings))).toBeLessThan(0.65);
  });

  it("are told nothing by how many good ones were left out with them: of a few answers whose labels mean nothing, it guesses on average", () => {
    // Were each kind to weigh the same among all readings, and not among those that are learned from, this would be 0.80.
    const tokens = Array.from({ length: 64 }, (_, token) => token);
    const found = Array.from({ length: 24 }, (_, trial) => {
      const { even, normal } = drawer(100 + trial);
      const mixture = tokens.map(() => Array.from({ length: 20 }, normal));
      const readings = Array.from({ length: 5 }, (_group, group) => {
        const usual = even() < 0.5;
        const subject = Array.from({ length: 20 }, normal);
        return Array.from({ length: 4 }, () => {
          const parts = subject.map((part) => part + normal());
          const logits = mixture.map((row) => row.reduce((sum, one, index) => sum + one * (parts[index] as number), normal()));
          return { logits, good: even() < 0.8 ? usual : !usual, group: `prompt ${group}` };
        });
      }).flat();
      return new Set(readings.map(({ good }) => good)).size < 2 ? 0.5 : fitReadout(tokens, readings).auroc;
    });
    expect(found.reduce((sum, one) => sum + one, 0) / found.length).toBeLessThan(0.58);
  });

  it("have a read-out that never saw them: it says what was said of them out of fold", () => {
    const readings = plantedReadings({ direction: anyDirection(6, 2), groups: 30, each: 3 });
    const { outOfFold, withoutGroup, readout } = fitReadout([1, 2, 3, 4, 5, 6], readings);
    for (const [index, { group, logits }] of readings.entries())
      expect(logOdds(withoutGroup(group), logits)).toBeCloseTo(outOfFold[index] as number, 9);
    expect(readings.some(({ logits }, index) => Math.abs(logOdds(readout, logits) - (outOfFold[index] as number)) > 1e-3)).toBe(true);
  });
});

describe("The weight of a reading", () => {
  const direction = anyDirection(8, 4);
  const tokens = direction.map((_, token) => token);
  const right = plantedReadings({ direction, groups: 60, each: 3 });
  const wrong = plantedReadings({ direction: direction.map((one) => -one), groups: 120, each: 3, seed: 9 }).map((reading) => ({
    ...reading,
    group: `other ${reading.group}`,
  }));
  const alike = (readings: readonly Reading[]) => cosine(centred(fitReadout(tokens, readings).readout.weights), direction);
  const weighing = (readings: readonly Reading[], weight: number) => readings.map((reading) => ({ ...reading, weight }));

  it("is what it counts in the direction: of readings that contradict each other, those that weigh little change little", () => {
    // How sure the read-out is, and so its sign, is another matter: that is scaled on all readings alike.
    const along = (others: number) => Math.abs(alike([...right, ...weighing(wrong, others)]));
    expect(along(1e-9)).toBeGreaterThan(0.97);
    expect(along(0.01)).toBeGreaterThan(0.95);
    expect(along(0.5)).toBeLessThan(along(0.01));
  });

  it("is 1 where none is given", () => {
    expect(fitReadout(tokens, weighing(right, 1)).readout).toEqual(fitReadout(tokens, right).readout);
  });

  it("means something only beside other weights", () => {
    const [one, other] = [fitReadout(tokens, right).readout, fitReadout(tokens, weighing(right, 7)).readout];
    for (const [index, weight] of one.weights.entries()) expect(other.weights[index]).toBeCloseTo(weight, 6);
  });
});

describe("Readings of which nothing can be learned are refused in one line:", () => {
  const readings = plantedReadings({ direction: anyDirection(3, 2), groups: 8, each: 4 });

  it("those of one kind only", () => {
    for (const good of [true, false])
      expect(() =>
        fitReadout(
          [1, 2, 3],
          readings.map((reading) => ({ ...reading, good })),
        ),
      ).toThrow(new RangeError("Expected good and bad answers, got one kind only"));
  });

  it("those of fewer groups than folds", () => {
    const few = readings.filter(({ group }) => ["prompt 0", "prompt 1", "prompt 2", "prompt 3"].includes(group));
    expect(() => fitReadout([1, 2, 3], few)).toThrow(new RangeError("Expected labelled answers to at least 5 different prompts, got 4"));
    expect(() => fitReadout([1, 2, 3], [])).toThrow(RangeError);
  });

  it("but not those of which only one group is bad", () => {
    const rare = readings.map((reading) => ({ ...reading, good: reading.group !== "prompt 3" }));
    expect(fitReadout([1, 2, 3], rare).outOfFold.every(Number.isFinite)).toBe(true);
  });
});

describe("Log odds", () => {
  const readout = { tokens: [1, 2, 3], weights: [1, -2, 0.5], bias: 0.25 };

  it("are the weighted logits less their mean, and the bias", () => {
    expect(logOdds(readout, [3, 0, 0])).toBeCloseTo(0.25 + 2 * 1 + 2 - 0.5, 12);
    expect(logOdds(readout, [5, 5, 5])).toBeCloseTo(0.25, 12);
  });

  it.each([
    ["is no number", [1, Number.NaN, 2]],
    ["is infinite", [1, Number.POSITIVE_INFINITY, 2]],
    ["is infinitely small", [1, Number.NEGATIVE_INFINITY, 2]],
    ["is missing", [1, 2]],
    ["is there at all", []],
    ["is one too many", [1, 2, 3, 4]],
  ])("are no number where a logit %s", (_, logits) => {
    expect(logOdds(readout, logits)).toBeNaN();
  });
});

describe("Logistic regression on a few scores", () => {
  it("finds the weights by which the labels were drawn", () => {
    const { even, normal } = drawer(4);
    const rows = Array.from({ length: 4000 }, () => [normal(), normal()]);
    const labels = rows.map(([first = 0, second = 0]) => ({ good: even() < sigmoid(1.5 * first - 0.5 * second + 0.3) }));
    const [{ offset }, weights] = logistic(rows, labels);
    expect(
      [weights[0], weights[1], offset].map((one, index) => Math.abs((one as number) - ([1.5, -0.5, 0.3][index] as number)) < 0.15),
    ).toEqual([true, true, true]);
  });

  it("makes scores of any size log odds, and keeps their order", () => {
    const { even, normal } = drawer(6);
    const odds = Array.from({ length: 2000 }, () => 2 * normal());
    const labels = odds.map((one) => ({ good: even() < sigmoid(one) }));
    for (const size of [0.001, 1, 1000]) {
      const { slope, offset } = plattScaling(
        odds.map((one) => one * size),
        labels,
      );
      expect(slope * size).toBeGreaterThan(0.8);
      expect(slope * size).toBeLessThan(1.2);
      expect(Math.abs(offset)).toBeLessThan(0.2);
    }
  });

  it("counts a row of weight 3 as three rows", () => {
    const { even, normal } = drawer(7);
    const rows = Array.from({ length: 2000 }, (_, index) => {
      const score = normal();
      return { score, good: even() < sigmoid(index % 2 === 0 ? score : -score), weight: index % 2 === 0 ? 3 : 1 };
    });
    const scaling = (of: readonly (typeof rows)[number][]) =>
      plattScaling(
        of.map(({ score }) => score),
        of,
      );
    const repeated = rows.flatMap((row) => Array.from({ length: row.weight }, () => ({ ...row, weight: 1 })));
    expect(scaling(rows).slope).toBeCloseTo(scaling(repeated).slope, 2);
    expect(scaling(rows).slope).toBeGreaterThan(scaling(rows.map((row) => ({ ...row, weight: 1 }))).slope + 0.2);
  });

  it("stays finite for scores that part good and bad ones without a doubt", () => {
    const labels = Array.from({ length: 40 }, (_, index) => ({ good: index >= 20 }));
    for (const gap of [1, 100]) {
      const { slope, offset } = plattScaling(
        labels.map(({ good }, index) => (good ? gap : -gap) + index / 1000),
        labels,
      );
      expect(Number.isFinite(slope) && slope > 0 && Number.isFinite(offset)).toBe(true);
    }
  });
});

describe("As many tokens and answers as a judge reads", () => {
  it("are fitted without ado: 256 tokens, a thousand readings", () => {
    const direction = anyDirection(256, 6);
    const readings = plantedReadings({ direction, groups: 250, each: 4 });
    const { auroc: found } = fitReadout(
      direction.map((_, token) => token),
      readings,
    );
    expect(found).toBeGreaterThan(0.7);
  });
});
