import type { RainOptions } from "rain-align";
import { describe, expect, it } from "vitest";
import { expand, expandByOne } from "../../../src/core/search/expand.ts";
import { createRoot, type Node } from "../../../src/core/search/tree.ts";
import type { Weights } from "../../support/scripted-engine.ts";
import { ASK, worldEngine } from "../../support/scripted-world.ts";
import { searchOf } from "../../support/search-builder.ts";
import { watchedEngine } from "../../support/watched-engine.ts";

const LETTERS = { " a": 8, " b": 4, " c": 2, " d": 1, " e": 0.5 } satisfies Weights;

/** A root behind which any letter may follow any other; and how many calls of each kind it took. */
function sprout(options: RainOptions, goOn: (answer: string) => Weights = () => LETTERS) {
  const calls: string[] = [];
  const engine = watchedEngine(worldEngine({ pieces: Object.keys(LETTERS), goOn, goodness: () => 0.5 }), (deed) => calls.push(deed));
  const search = searchOf(engine, ASK, options);
  const root = createRoot();
  const texts = () => root.children.map(({ tokens }) => engine.tokenizer.detokenize(tokens));
  return { root, search, calls, texts };
}

function priors({ children }: Node): number[] {
  return children.map(({ prior }) => prior);
}

describe("Where one token is chosen, an expansion", () => {
  it("takes the likeliest tokens in their order, and draws none", async () => {
    const { root, search, calls, texts } = sprout({ children: 3, rootSmoothing: 0 });
    await expand(root, search);
    expect(texts()).toEqual([" a", " b", " c"]);
    expect(priors(root)).toEqual([8 / 14, 4 / 14, 2 / 14].map((prior) => expect.closeTo(prior)));
    expect(calls).toEqual(["expand"]);
  });

  it("levels their priors out at a higher temperature: p^(1/2) at 2", async () => {
    const { root, search } = sprout({ children: 2, rootSmoothing: 0, childTemperature: 2 });
    await expand(root, search);
    const [first = 0, second = 0] = priors(root);
    expect(first / second).toBeCloseTo(Math.sqrt(2));
  });

  it("gives one more child by the next likeliest token, until there are no more", async () => {
    const { root, search, texts } = sprout({ children: 1 });
    await expand(root, search);
    for (let more = 0; more < 6; more++) await expandByOne(root, search);
    expect(texts()).toEqual([" a", " b", " c", " d", " e"]);
    expect(priors(root).reduce((sum, prior) => sum + prior, 0)).toBeCloseTo(1);
  });
});

describe("Where several tokens are chosen together, an expansion", () => {
  const pairs = { tokenSetLengths: [2], rootSmoothing: 0 } as const;

  it("begins with the greedy continuation, and has each other one once", async () => {
    const { root, search, texts } = sprout({ ...pairs, children: 10 });
    await expand(root, search);
    expect(texts()[0]).toBe(" a a");
    expect(new Set(texts()).size).toBe(texts().length);
  });

  it("draws again what it has drawn before, up to childDraws in all", async () => {
    const sizes = await Promise.all(
      [10, 400].map(async (childDraws) => {
        const { root, search } = sprout({ ...pairs, children: 10, childDraws });
        await expand(root, search);
        return root.children.length;
      }),
    );
    expect(sizes[0]).toBeLessThan(10);
    expect(sizes[1]).toBe(10);
  });

  it("gives the greedy one no more of the prior than all the others together", async () => {
    const { root, search } = sprout({ ...pairs, children: 4, childDraws: 200 }, () => ({ " a": 50, " b": 1, " c": 1 }));
    await expand(root, search);
    expect(root.children.length).toBeGreaterThan(2);
    expect(priors(root)[0]).toBeCloseTo(0.5);
  });

  it("and no less than the likeliest and the unlikeliest of them together", async () => {
    const { root, search } = sprout({ ...pairs, children: 8, childDraws: 200, childTemperature: 10 });
    await expand(root, search);
    const [greedy, ...others] = priors(root);
    expect(greedy).toBeCloseTo(Math.max(...others) + Math.min(...others));
  });

  it("gives one more child that is not there yet, or none where all that is drawn is known", async () => {
    const only = sprout({ ...pairs, children: 1 }, () => ({ " a": 1 }));
    await expand(only.root, only.search);
    await expandByOne(only.root, only.search);
    expect(only.texts()).toEqual([" a a"]);
    const many = sprout({ ...pairs, children: 1, childTemperature: 10 });
    await expand(many.root, many.search);
    await expandByOne(many.root, many.search);
    expect(many.texts()).toHaveLength(2);
  });
});
