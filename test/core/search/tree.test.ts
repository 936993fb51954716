import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { heaviest } from "../../../src/core/paper.ts";
import { needsAnotherChild } from "../../../src/core/search/addition.ts";
import { tokenSetLength } from "../../../src/core/search/expand.ts";
import { addChild, assignPriors, type Node, reroot, tokensBelowRoot } from "../../../src/core/search/tree.ts";
import { family } from "../../support/search-builder.ts";

describe("Priors", () => {
  it("are the children's shares of their probability", () => {
    const root = family({ logProbability: Math.log(0.06) }, { logProbability: Math.log(0.02) });
    assignPriors(root, 0);
    expect(root.children.map(({ prior }) => prior)).toEqual([expect.closeTo(0.75), expect.closeTo(0.25)]);
  });

  it("are mixed with equal shares at the root: 0.75 p + 0.25 / k", () => {
    const root = family({ logProbability: Math.log(0.06) }, { logProbability: Math.log(0.02) });
    assignPriors(root, 0.25);
    expect(root.children.map(({ prior }) => prior)).toEqual([expect.closeTo(0.6875), expect.closeTo(0.3125)]);
  });

  it("of siblings sum to 1, however unlikely they are", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -2000, max: 0, noNaN: true }), { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (logs, smoothing) => {
          const root = family(...logs.map((logProbability) => ({ logProbability })));
          assignPriors(root, smoothing);
          expect(root.children.reduce((sum, { prior }) => sum + prior, 0)).toBeCloseTo(1);
        },
      ),
    );
  });
});

describe("The tree", () => {
  it("keeps the subtree of a child that becomes the root, smooths its priors and forgets the rest", () => {
    const root = family({ tokens: [5] });
    const child = root.children[0] as Node;
    for (const probability of [0.9, 0.1])
      addChild(child, { tokens: [probability * 10], logProbability: Math.log(probability), isOver: false });
    const grandchild = child.children[0] as Node;
    expect(tokensBelowRoot(grandchild)).toEqual([5, 9]);
    expect(reroot(child, 0.25)).toBe(child);
    expect(tokensBelowRoot(grandchild)).toEqual([9]);
    expect(grandchild).toMatchObject({ depth: 2, prior: expect.closeTo(0.8) });
  });

  it("commits the child of greatest weight, of equals the one of greatest value, then the first", () => {
    expect(
      heaviest(family({ weight: 1, value: 1 }, { weight: 3, value: 0.5 }, { weight: 3, value: 0.6 }, { weight: 3, value: 0.6 }))?.tokens,
    ).toEqual([2]);
    expect(heaviest(family())).toBeUndefined();
  });

  it("chooses 1, 2, 4, then always 10 tokens together", () => {
    expect([0, 1, 2, 3, 4, 99].map((depth) => tokenSetLength(depth, [1, 2, 4, 10]))).toEqual([1, 2, 4, 10, 10, 10]);
  });
});

describe("A node gets another child", () => {
  const bad = { visits: 1, value: -0.5, embedding: [1, 0] };
  const rules = { additionVariance: 0.03, additionValue: 0, additionMaxChildren: 20 };

  it("when all are bad and say the same", () => {
    expect(needsAnotherChild(family(bad, bad), rules)).toBe(true);
  });

  it("but not when one is not bad", () => {
    expect(needsAnotherChild(family(bad, { ...bad, value: 0 }), rules)).toBe(false);
  });

  it("nor when one reaches the value that is still bad", () => {
    expect(needsAnotherChild(family(bad, bad), { ...rules, additionValue: -0.5 })).toBe(false);
    expect(needsAnotherChild(family(bad, { ...bad, value: 0 }), { ...rules, additionValue: 0.1 })).toBe(true);
  });

  it("but not while one is untried", () => {
    expect(needsAnotherChild(family(bad, {}), rules)).toBe(false);
    expect(needsAnotherChild(family(bad, {}), { ...rules, additionValue: 1 })).toBe(false);
  });

  it("but not when they differ: a variance of (0.01, 0.01) has the norm 0.0141, which is 0.03 x 1 token or less, (0.04, 0.04) has not", () => {
    expect(needsAnotherChild(family({ ...bad, embedding: [0.4, 0.6] }, { ...bad, embedding: [0.6, 0.4] }), rules)).toBe(true);
    expect(needsAnotherChild(family({ ...bad, embedding: [0.3, 0.7] }, { ...bad, embedding: [0.7, 0.3] }), rules)).toBe(false);
  });

  it("and longer token sets may differ more: 0.0566 is below 0.03 x 2", () => {
    const long = { ...bad, tokens: [1, 2] };
    expect(needsAnotherChild(family({ ...long, embedding: [0.3, 0.7] }, { ...long, embedding: [0.7, 0.3] }), rules)).toBe(true);
  });

  it("but not beyond the greatest number, and not before the first", () => {
    expect(needsAnotherChild(family(...new Array<typeof bad>(20).fill(bad)), rules)).toBe(false);
    expect(needsAnotherChild(family(), rules)).toBe(false);
  });
});
