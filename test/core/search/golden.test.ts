import { type RainOptions, type SearchedNode, TRUTHFUL } from "rain-align";
import { describe, expect, it } from "vitest";
import { ROBBERY, worldEngine } from "../../support/scripted-world.ts";
import { searchedSteps, treeAfter } from "../../support/searched-trees.ts";

/*
 * Whole trees, to be read in test/golden. They pin every number of the search at once. When a change is meant to change them:
 * npx vitest run --project unit test/core/search/golden.test.ts --update
 * and read the difference before you commit it.
 */
describe("The whole tree is as recorded", () => {
  it.each<[string, RainOptions]>([
    ["clause", {}],
    ["horizon-end", { principle: TRUTHFUL, seed: 2 }],
    ["similarity", { similarityThreshold: 0.3 }],
    ["node-addition", { children: 1, additionVariance: 10, childTemperature: 2 }],
  ])("%s", async (name, options) => {
    const root = await treeAfter(16, worldEngine(ROBBERY), options);
    await expect(`${JSON.stringify(shown(root), undefined, 2)}\n`).toMatchFileSnapshot(`../../golden/${name}.json`);
  });

  it("and a commit changes nothing below the new root but the priors of its children", async () => {
    // What comes later is better: below the child that is taken, the first search has found what is good enough for the second step, too.
    let asked = 0;
    const improving = worldEngine({ ...ROBBERY, goodness: () => (asked++ < 12 ? 0.03 : 0.99) });
    const { trees, steps } = await searchedSteps(improving, { children: 2, minVisits: 2 }, 2);
    expect(steps.map(({ rewinds }) => rewinds > 0)).toEqual([true, false]);
    const taken = trees[0]?.children.find(({ isTaken }) => isTaken) as SearchedNode;
    const children = trees[1]?.children ?? [];
    const counts = ({ weight, visits, value, judged }: SearchedNode) => ({ weight, visits, value, judged });
    expect(children.length).toBeGreaterThan(1);
    expect(children.map(counts)).toEqual(taken.children.map(counts));
    for (const [index, { prior }] of children.entries())
      expect(prior).toBeCloseTo(0.75 * (taken.children[index]?.prior ?? Number.NaN) + 0.25 / children.length);
  });
});

function shown({ text, prior, weight, visits, value, judged, simulated, children }: SearchedNode): object {
  return {
    text,
    prior: rounded(prior),
    ...(visits > 0 ? { visits, weight: rounded(weight), value: rounded(value) } : {}),
    ...(judged === undefined ? {} : { judged: rounded(judged.value), simulated: simulated ?? "" }),
    ...(children.length > 0 ? { children: children.map(shown) } : {}),
  };
}

function rounded(value: number): number {
  return Number(value.toFixed(6));
}
