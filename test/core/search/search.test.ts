import fc from "fast-check";
import { answer, type RainOptions } from "rain-align";
import { describe, expect, it } from "vitest";
import { findStep, iterate } from "../../../src/core/paper.ts";
import { createRoot, type Node } from "../../../src/core/search/tree.ts";
import { END } from "../../support/scripted-engine.ts";
import { ASK, ROBBERY, type World, worldEngine } from "../../support/scripted-world.ts";
import { everyNode, searchOf } from "../../support/search-builder.ts";
import { watchedEngine } from "../../support/watched-engine.ts";

/** A tree after some passes of the inner loop. */
async function grow(world: World, passes: number, options: RainOptions = {}): Promise<Node> {
  const search = searchOf(worldEngine(world), ASK, options);
  const root = createRoot();
  for (let pass = 0; pass < passes; pass++) await iterate(root, search);
  return root;
}

/** A random but fixed opinion of every text. */
const opinions = fc.integer({ min: 0, max: 2 ** 31 }).map((salt) => (text: string) => {
  let hash = salt;
  for (const character of text) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) | 0;
  return (hash >>> 0) / 2 ** 32;
});

describe("The search tree", () => {
  const trees = fc.record({
    goodness: opinions,
    seed: fc.nat(),
    passes: fc.integer({ min: 1, max: 25 }),
    similarityThreshold: fc.constantFrom(0, 0.5, 0.95),
    additionVariance: fc.constantFrom(0.03, 10),
    maxTokens: fc.integer({ min: 1, max: 12 }),
  });

  it("keeps its laws: values in [-1, 1], sibling priors sum to 1, visits = own evaluations + children's visits, weight >= visits", async () => {
    await fc.assert(
      fc.asyncProperty(trees, async ({ goodness, passes, ...options }) => {
        const root = await grow({ ...ROBBERY, goodness }, passes, options);
        expect(root.visits).toBe(passes);
        for (const node of everyNode(root)) {
          expect(Math.abs(node.value)).toBeLessThanOrEqual(1 + 1e-9);
          expect(node.visits).toBe(node.evaluations + node.children.reduce((sum, { visits }) => sum + visits, 0));
          expect(node.weight).toBeGreaterThanOrEqual(node.visits);
          if (node.children.length > 0) expect(node.children.reduce((sum, { prior }) => sum + prior, 0)).toBeCloseTo(1);
          if (node.visits < 2) expect(node.children).toEqual([]);
          if (!node.isOver) expect(node.evaluations).toBeLessThanOrEqual(1);
          expect(new Set(node.children.map(({ tokens }) => tokens.join())).size).toBe(node.children.length);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("has the value of plain means where nothing is similar", async () => {
    const root = await grow(ROBBERY, 20, { similarityShare: 0 });
    for (const node of everyNode(root).filter(({ visits }) => visits > 0)) {
      const own = (node.outcome?.value ?? 0) * node.evaluations;
      const below = node.children.reduce((sum, { value, visits }) => sum + value * visits, 0);
      expect(node.value).toBeCloseTo((own + below) / node.visits);
    }
  });

  it("judges a text that is over only once, however often the search ends there", async () => {
    const engine = worldEngine({ pieces: [" x"], goOn: (text) => (text === "" ? { " x": 1 } : { [END]: 1 }), goodness: () => 0.1 });
    let judged = 0;
    const search = searchOf(
      watchedEngine(engine, (deed) => {
        if (deed === "verdict") judged++;
      }),
      ASK,
      { additionMaxChildren: 0 },
    );
    const root = createRoot();
    for (let pass = 0; pass < 10; pass++) await iterate(root, search);
    expect(judged).toBe(3);
    expect(root.children[0]?.children[0]).toMatchObject({ isOver: true, evaluations: 8 });
  });

  it("gets another child where all known ones are bad and alike", async () => {
    const world: World = { ...ROBBERY, goodness: () => 0.1 };
    const sizes = async (options: RainOptions) =>
      (await grow(world, 30, { children: 1, additionVariance: 10, ...options })).children.length;
    expect(await sizes({ additionMaxChildren: 0 })).toBe(1);
    expect(await sizes({ additionMaxChildren: 20 })).toBe(2);
  });
});

describe("The search for one step", () => {
  it("stops as soon as a child has more than minVisits visits and a value above the threshold", async () => {
    const search = searchOf(worldEngine({ ...ROBBERY, goodness: () => 0.99 }), ASK, { children: 1 });
    // The root itself, then seven visits of its only child.
    expect(await findStep(createRoot(), search)).toMatchObject({ rewinds: 8, best: { visits: 7 } });
  });

  it("stops at maxIterations when nothing is good enough", async () => {
    const search = searchOf(worldEngine({ ...ROBBERY, goodness: () => 0.5 }), ASK, { maxIterations: 23 });
    expect((await findStep(createRoot(), search)).rewinds).toBe(23);
  });

  it("goes carriedIterations past the visits its root brought along", async () => {
    const search = searchOf(worldEngine({ ...ROBBERY, goodness: () => 0.5 }), ASK, { maxIterations: 20, carriedIterations: 15 });
    const root = createRoot();
    for (let pass = 0; pass < 18; pass++) await iterate(root, search);
    expect((await findStep(root, search)).rewinds).toBe(15);
  });

  it("commits at once what the last search has already found good enough", async () => {
    const search = searchOf(worldEngine({ ...ROBBERY, goodness: () => 0.99 }), ASK);
    const root = createRoot();
    await findStep(root, search);
    expect((await findStep(root, search)).rewinds).toBe(0);
  });

  it("fails by name when the engine continues nothing", async () => {
    const mute = { ...watchedEngine(worldEngine(ROBBERY), () => undefined), next: async () => [] };
    await expect(findStep(createRoot(), searchOf(mute, ASK))).rejects.toMatchObject({ code: "decode-failed" });
  });
});

describe("Against exhaustive search over three tokens", () => {
  const letters = [" a", " b", " c"];
  const texts = letters.flatMap((first) => letters.flatMap((second) => letters.map((third) => first + second + third)));
  const goOn = (text: string) => (text.length < 6 ? { " a": 1, " b": 1, " c": 1 } : { [END]: 1 });
  const thorough = { mode: "paper", tokenSetLengths: [1], maxIterations: 150, valueThreshold: 1, children: 30, maxTokens: 4 } as const;

  it.each(texts)("the only good text, %j, is found among all 27", async (wanted) => {
    const goodness = (text: string) => (text.startsWith(wanted) ? 1 : 0.2);
    expect((await answer(worldEngine({ pieces: letters, goOn, goodness }), ASK, thorough)).text).toBe(wanted.trim());
  });

  it("no text that begins better on average is missed: the first token is the one with the best mean of all its texts", async () => {
    const means: Readonly<Record<string, number>> = { " a": 0.3, " b": 0.9, " c": 0.5 };
    const goodness = (text: string) => means[text.slice(0, 2)] ?? 0.5;
    expect((await answer(worldEngine({ pieces: letters, goOn, goodness }), ASK, thorough)).text.charAt(0)).toBe("b");
  });
});
