import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WaitingLine } from "../../src/serving/answer-queue.ts";

interface Item {
  readonly key: string;
  readonly number: number;
}

const keys = fc.constantFrom("a", "b", "c", "d");

/** What happens to a line: somebody joins, the next one is taken, or somebody who waits leaves. */
const happenings = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ type: fc.constant("join" as const), key: keys }) },
    { weight: 2, arbitrary: fc.constant({ type: "take" as const }) },
    fc.record({ type: fc.constant("leave" as const), who: fc.nat() }),
  ),
  { maxLength: 60 },
);

type Happening = typeof happenings extends fc.Arbitrary<(infer One)[]> ? One : never;

interface Played {
  readonly line: WaitingLine<Item>;
  readonly taken: readonly Item[];
  /** For each that was taken, who waited just before. */
  readonly waitedThen: readonly (readonly Item[])[];
  readonly left: readonly Item[];
  readonly joined: number;
}

function play(all: readonly Happening[]): Played {
  const line = new WaitingLine<Item>();
  const [taken, waitedThen, left]: [Item[], (readonly Item[])[], Item[]] = [[], [], []];
  let joined = 0;
  for (const happening of all) {
    if (happening.type === "join") line.join(happening.key, { key: happening.key, number: joined++ });
    else if (happening.type === "take") {
      const waited = line.items;
      const next = line.take();
      expect(next === undefined).toBe(waited.length === 0);
      if (next === undefined) continue;
      taken.push(next);
      waitedThen.push(waited);
    } else {
      const one = line.items[happening.who % Math.max(1, line.size)];
      if (one === undefined) continue;
      line.leave(one.key, one);
      left.push(one);
    }
  }
  return { line, taken, waitedThen, left, joined };
}

describe("A waiting line, whatever happens to it:", () => {
  it("everybody who joins is taken, leaves, or still waits: one of these, and once", () => {
    fc.assert(
      fc.property(happenings, (all) => {
        const { line, taken, left, joined } = play(all);
        const numbers = [...taken, ...left, ...line.items].map(({ number }) => number);
        expect(numbers.sort((one, other) => one - other)).toEqual(Array.from({ length: joined }, (_, index) => index));
        expect(line.size).toBe(line.items.length);
      }),
    );
  });

  it("first come is first served within a key", () => {
    fc.assert(
      fc.property(happenings, (all) => {
        for (const key of ["a", "b", "c", "d"]) {
          const numbers = play(all).taken.flatMap((item) => (item.key === key ? [item.number] : []));
          expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
        }
      }),
    );
  });

  it("no key is taken twice while another one waits all the time", () => {
    fc.assert(
      fc.property(happenings, (all) => {
        const { taken, waitedThen } = play(all);
        for (const [second, { key }] of taken.entries()) {
          const first = taken.findLastIndex((item, index) => index < second && item.key === key);
          if (first < 0) continue;
          const between = taken.slice(first + 1, second);
          const waitedBoth = waitedThen[first]?.filter((item) => item.key !== key && waitedThen[second]?.includes(item)) ?? [];
          for (const item of waitedBoth) expect(between.map((one) => one.key)).toContain(item.key);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("it says truly how many are taken before each", () => {
    fc.assert(
      fc.property(happenings, (all) => {
        const { line, left } = play(all);
        const promised = new Map(line.items.map((item) => [item, line.ahead(item.key, item)]));
        for (const item of left) expect(line.ahead(item.key, item)).toBeUndefined();
        for (let index = 0; line.size > 0; index++) expect(promised.get(line.take() as Item)).toBe(index);
      }),
    );
  });
});
