import type { RainOptions, SearchedNode } from "rain-align";
import { describe, expect, it } from "vitest";
import type { Weights } from "../../support/scripted-engine.ts";
import { worldEngine } from "../../support/scripted-world.ts";
import { treeAfter } from "../../support/searched-trees.ts";
import { watchedEngine } from "../../support/watched-engine.ts";

const LETTERS = { " a": 8, " b": 4, " c": 2, " d": 1, " e": 0.5 } satisfies Weights;

/** What the first expansion gives the root, behind which any letter may follow any other; and which calls it took. */
async function sprout(options: RainOptions, { goOn = () => LETTERS, passes = 2 }: Sprouting = {}) {
  const calls: string[] = [];
  const engine = watchedEngine(worldEngine({ pieces: Object.keys(LETTERS), goOn, goodness: () => 0.3 }), (deed) => calls.push(deed));
  const root = await treeAfter(passes, engine, { rootSmoothing: 0, additionMaxChildren: 0, ...options });
  return { calls, texts: root.children.map(({ text }) => text), priors: root.children.map(({ prior }: SearchedNode) => prior) };
}

interface Sprouting {
  readonly goOn?: (answer: string) => Weights;
  /** Of the inner loop: the second one expands the root. */
  readonly passes?: number;
}

/** All that is written is bad, and alike to this: there is always need of another child. */
const NEEDY = { children: 1, additionVariance: 100, additionMaxChildren: 20 } as const;

describe("Where one token is chosen, an expansion", () => {
  const single = { tokenSetLengths: [1], maxTokens: 1 } as const;

  it("takes the likeliest tokens in their order, and draws none", async () => {
    const { calls, texts, priors } = await sprout({ ...single, children: 3 });
    expect(texts).toEqual([" a", " b", " c"]);
    expect(priors).toEqual([8 / 14, 4 / 14, 2 / 14].map((prior) => expect.closeTo(prior)));
    expect(calls.filter((call) => call === "expand")).toHaveLength(1);
  });

  it("levels their priors out at a higher temperature: p^(1/2) at 2", async () => {
    const { priors } = await sprout({ ...single, children: 2, childTemperature: 2 });
    expect((priors[0] ?? 0) / (priors[1] ?? 0)).toBeCloseTo(Math.sqrt(2));
  });

  it("gives one more child by the next likeliest token, until there are no more", async () => {
    const { texts, priors } = await sprout({ ...single, ...NEEDY }, { passes: 40 });
    expect(texts).toEqual([" a", " b", " c", " d", " e"]);
    expect(priors.reduce((sum, prior) => sum + prior, 0)).toBeCloseTo(1);
  });
});

describe("Where several tokens are chosen together, an expansion", () => {
  const pairs = { tokenSetLengths: [2], maxTokens: 2 } as const;

  it("begins with the greedy continuation, and has each other one once", async () => {
    const { texts } = await sprout({ ...pairs, children: 10 });
    expect(texts[0]).toBe(" a a");
    expect(texts.length).toBeGreaterThan(2);
    expect(new Set(texts).size).toBe(texts.length);
  });

  it("draws again what it has drawn before, up to childDraws in all", async () => {
    const few = await sprout({ ...pairs, children: 10, childDraws: 10 });
    const many = await sprout({ ...pairs, children: 10, childDraws: 400 });
    expect(few.texts.length).toBeLessThan(10);
    expect(many.texts).toHaveLength(10);
  });

  it("gives the greedy one no more of the prior than all the others together", async () => {
    const goOn = () => ({ " a": 50, " b": 1, " c": 1 });
    const { priors } = await sprout({ ...pairs, children: 4, childDraws: 200 }, { goOn });
    expect(priors.length).toBeGreaterThan(2);
    expect(priors[0]).toBeCloseTo(0.5);
  });

  it("and no less than the likeliest and the unlikeliest of them together", async () => {
    const [greedy, ...others] = (await sprout({ ...pairs, children: 8, childDraws: 200, childTemperature: 10 })).priors;
    expect(greedy).toBeCloseTo(Math.max(...others) + Math.min(...others));
  });

  it("gives one more child that is not there yet, or none where all that is drawn is known", async () => {
    const only = await sprout({ ...pairs, ...NEEDY }, { goOn: () => ({ " a": 1 }), passes: 8 });
    expect(only.texts).toEqual([" a a"]);
    const more = await sprout({ ...pairs, ...NEEDY, additionMaxChildren: 2, childTemperature: 10 }, { passes: 8 });
    expect(more.texts).toHaveLength(2);
  });
});
