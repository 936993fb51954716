import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evenly, foldsOf, latestByText, missingOf } from "../../../src/bots/guard/decisions.ts";
import { type Decision, decisionsBy, type Finding, type ReviewRecord } from "../../../src/bots/guard/index.ts";
import { newReview } from "../../support/store-records.ts";

const AGAINST: Finding = { principle: "harmless", value: -0.9, threshold: -0.1 };
const FOR: Finding = { principle: "polite", value: 0.5, threshold: -0.1 };

async function* reviews(...changes: readonly Partial<ReviewRecord>[]): AsyncGenerator<ReviewRecord> {
  for (const [id, change] of changes.entries())
    yield {
      ...newReview(),
      id,
      decision: "rejected",
      decidedBy: "1",
      decidedAt: id,
      appeal: undefined,
      incident: undefined,
      findings: [AGAINST, FOR],
      ...change,
    };
}

const decision: fc.Arbitrary<Decision> = fc.record({ text: fc.integer().map(String), isGood: fc.boolean() });

/** As many different ones as there are to be at least, of each kind. */
function enough(least: number): fc.Arbitrary<readonly Decision[]> {
  return fc
    .tuple(fc.integer({ min: 5, max: 40 }), fc.integer({ min: 5, max: 40 }))
    .filter(([approved, rejected]) => approved + rejected >= least)
    .map(([approved, rejected]) =>
      Array.from({ length: approved + rejected }, (_, index) => ({ text: String(index), isGood: index < approved })),
    );
}

describe("What decisions say of a principle", () => {
  it("is that what was approved is fine by each that judged it, and that what was rejected is bad by those that spoke against it", async () => {
    const all = reviews({ judged: "a" }, { judged: "b", decision: "approved" }, { judged: "c", findings: [FOR] });
    expect(await decisionsBy(["harmless", "polite", "kind"], all)).toEqual([
      [
        { text: "a", isGood: false },
        { text: "b", isGood: true },
      ],
      [{ text: "b", isGood: true }],
      [],
    ]);
  });

  it("is nothing where there is no text, or no decision", async () => {
    const all = reviews({ judged: undefined }, { judged: "" }, { judged: "a", decision: "pending" });
    expect(await decisionsBy(["harmless"], all)).toEqual([[]]);
  });

  it("is the last one about a text, and of very many the newest", async () => {
    const many = Array.from({ length: 450 }, (_, index) => ({ judged: String(index) }));
    const [found = []] = await decisionsBy(["harmless"], reviews({ judged: "449" }, ...many, { judged: "100", decision: "approved" }));
    expect(found).toHaveLength(400);
    expect([found[0], found.at(-1)]).toEqual([
      { text: "50", isGood: false },
      { text: "100", isGood: true },
    ]);
  });
});

describe("Decisions to learn of", () => {
  it("are each in one part, of which every one has both kinds, and none is larger than it must be", () => {
    fc.assert(
      fc.property(enough(25), (decisions) => {
        const folds = foldsOf(decisions);
        expect(folds.flat().toSorted((a, b) => Number(a.text) - Number(b.text))).toEqual(decisions);
        for (const fold of folds) {
          expect(new Set(fold.map(({ isGood }) => isGood)).size).toBe(2);
          expect(fold.length).toBeLessThanOrEqual(Math.ceil(decisions.length / 5));
          // What is learned of while this part is asked about is enough by itself.
          expect(decisions.length - fold.length).toBeGreaterThanOrEqual(20);
        }
      }),
    );
  });

  it("weigh about the same of both kinds, and none is left out or made up", () => {
    fc.assert(
      fc.property(fc.array(decision, { minLength: 1 }).map(latestByText), (decisions) => {
        const even = evenly(decisions);
        expect(new Set(even)).toEqual(new Set(decisions));
        const [approved = 0, rejected = 0] = [true, false].map((kind) => even.filter(({ isGood }) => isGood === kind).length);
        const [few, many] = [Math.min(approved, rejected), Math.max(approved, rejected)];
        if (few > 0 && many / few > 1.5) expect(few).toBeGreaterThanOrEqual(10);
      }),
    );
  });

  it("are missing until there are enough in all, and of each kind", () => {
    const some = (approved: number, rejected: number) =>
      Array.from({ length: approved + rejected }, (_, index) => ({ text: String(index), isGood: index < approved }));
    expect(missingOf([], false)).toEqual({ missing: 20, missingApproved: 5, missingRejected: 5 });
    expect(missingOf(some(15, 5), false)).toEqual({ missing: 0, missingApproved: 0, missingRejected: 0 });
    expect(missingOf(some(15, 5), true)).toMatchObject({ missing: 5 });
    expect(missingOf(some(100, 1), false)).toEqual({ missing: 4, missingApproved: 0, missingRejected: 4 });
  });
});
