import { describe, expect, it } from "vitest";
import { puct, select, ValueRange } from "../../../src/core/search/select.ts";
import { addChild, type Node } from "../../../src/core/search/tree.ts";
import { family } from "../../support/search-builder.ts";

function rangeOf(...values: readonly number[]): ValueRange {
  const range = new ValueRange();
  for (const value of values) range.include(value);
  return range;
}

describe("PUCT", () => {
  it("is the value on the scale of all values, plus c p sqrt(N) / (1 + n)", () => {
    const [child] = family({ prior: 0.5, weight: 2, visits: 2, value: 0 }).children as [Node];
    // value 0 between -1 and 1 is 0.5; 2 x 0.5 x sqrt(9) / (1 + 2) = 1
    expect(puct(child, 9, { cPuct: 2, range: rangeOf(-1, 1) })).toBeCloseTo(1.5);
  });

  it("counts the value of an unvisited child as 0, wherever the range lies", () => {
    const [child] = family({ prior: 0.25 }).children as [Node];
    expect(puct(child, 4, { cPuct: 2, range: rangeOf(-1, -0.5) })).toBeCloseTo(1);
  });

  it("takes values as they are until two different ones were seen", () => {
    const [child] = family({ prior: 0.5, weight: 1, visits: 1, value: -0.4 }).children as [Node];
    expect(puct(child, 1, { cPuct: 2, range: rangeOf(-0.4) })).toBeCloseTo(-0.4 + 0.5);
  });

  it("counts similarity credit as weight", () => {
    const [child] = family({ prior: 0.5, weight: 1.6, visits: 1, value: 1 }).children as [Node];
    // 1 + 2 x 0.5 x 2 / 2.6
    expect(puct(child, 4, { cPuct: 2, range: rangeOf(0, 1) })).toBeCloseTo(1.76923);
  });
});

describe("Select", () => {
  const selecting = { cPuct: 2, range: rangeOf(-1, 1) };

  it("stays at a root without children", () => {
    const root = family();
    expect(select(root, selecting)).toBe(root);
  });

  it("takes the greatest sum at every level, down to a leaf", () => {
    // 0.5 + 2 x 0.9 x 2 / 4 = 1.4 against 1 + 2 x 0.1 x 2 / 2 = 1.2
    const root = family({ prior: 0.1, weight: 1, visits: 1, value: 1 }, { prior: 0.9, weight: 3, visits: 3, value: 0 });
    root.weight = 4;
    const second = root.children[1] as Node;
    Object.assign(addChild(second, { tokens: [8], logProbability: 0, isOver: false }), { prior: 0.2 });
    const favourite = Object.assign(addChild(second, { tokens: [9], logProbability: 0, isOver: false }), { prior: 0.8 });
    expect(select(root, selecting)).toBe(favourite);
  });

  it("takes the first of equals, which is the greedy one", () => {
    const root = family({ prior: 0.5 }, { prior: 0.5 });
    expect(select(root, selecting)).toBe(root.children[0]);
  });
});
