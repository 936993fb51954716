import { type RainOptions, TRUTHFUL } from "rain-align";
import { describe, expect, it } from "vitest";
import { iterate } from "../../../src/core/paper.ts";
import { createRoot, type Node, reroot } from "../../../src/core/search/tree.ts";
import { ASK, ROBBERY, worldEngine } from "../../support/scripted-world.ts";
import { searchOf } from "../../support/search-builder.ts";

/*
 * Whole trees, to be read in test/golden. They pin every number of the search at once. When a change is meant to change them:
 * npx vitest run --project source test/core/search/golden.test.ts --update
 * and read the difference before you commit it.
 */
describe("The whole tree is as recorded", () => {
  it.each<[string, RainOptions]>([
    ["clause", {}],
    ["horizon-end", { principle: TRUTHFUL, seed: 2 }],
    ["similarity", { similarityThreshold: 0.3 }],
    ["node-addition", { children: 1, additionVariance: 10, childTemperature: 2 }],
  ])("%s", async (name, options) => {
    const engine = worldEngine(ROBBERY);
    const search = searchOf(engine, ASK, options);
    const root = createRoot();
    for (let pass = 0; pass < 16; pass++) await iterate(root, search);
    await expect(`${JSON.stringify(shown(root), undefined, 2)}\n`).toMatchFileSnapshot(`../../golden/${name}.json`);

    function shown(node: Node): object {
      const { prior, weight, visits, value, outcome, isOver, children } = node;
      return {
        text: engine.tokenizer.detokenize(node.tokens),
        ...(isOver ? { isOver } : {}),
        prior: rounded(prior),
        ...(visits > 0 ? { visits, weight: rounded(weight), value: rounded(value) } : {}),
        ...(outcome === undefined ? {} : { judged: rounded(outcome.value), simulated: engine.tokenizer.detokenize(outcome.simulated) }),
        ...(children.length > 0 ? { children: children.map(shown) } : {}),
      };
    }
  });

  it("and a commit changes nothing below the new root but the priors of its children", async () => {
    const search = searchOf(worldEngine(ROBBERY), ASK);
    const root = createRoot();
    for (let pass = 0; pass < 16; pass++) await iterate(root, search);
    const child = root.children.find(({ children }) => children.length > 1) as Node;
    const before = child.children.map(({ weight, visits, value }) => ({ weight, visits, value }));
    const priors = child.children.map(({ prior }) => prior);
    reroot(child, 0.25);
    expect(child.children.map(({ weight, visits, value }) => ({ weight, visits, value }))).toEqual(before);
    for (const [index, { prior }] of child.children.entries())
      expect(prior).toBeCloseTo(0.75 * (priors[index] as number) + 0.25 / child.children.length);
  });
});

function rounded(value: number): number {
  return Number(value.toFixed(6));
}
