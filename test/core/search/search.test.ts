import fc from "fast-check";
import { answer } from "rain-align";
import { describe, expect, it } from "vitest";
import { END } from "../../support/scripted-engine.ts";
import { ASK, ROBBERY, type World, worldEngine } from "../../support/scripted-world.ts";
import { everyNode, searchedSteps, treeAfter } from "../../support/searched-trees.ts";
import { watchedEngine } from "../../support/watched-engine.ts";

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
    passes: fc.integer({ min: 2, max: 25 }),
    similarityThreshold: fc.constantFrom(0, 0.5, 0.95),
    additionVariance: fc.constantFrom(0.03, 10),
    maxTokens: fc.integer({ min: 1, max: 12 }),
  });

  it("keeps its laws: values in [-1, 1], sibling priors sum to 1, one judged visit and the rest its children's, weight >= visits", async () => {
    await fc.assert(
      fc.asyncProperty(trees, async ({ goodness, passes, ...options }) => {
        const root = await treeAfter(passes, worldEngine({ ...ROBBERY, goodness }), options);
        expect(root.visits).toBe(passes);
        for (const { value, weight, visits, judged, children } of everyNode(root)) {
          expect(Math.abs(value)).toBeLessThanOrEqual(1 + 1e-9);
          expect(weight).toBeGreaterThanOrEqual(visits);
          expect(judged !== undefined).toBe(visits > 0);
          if (visits < 2) expect(children).toEqual([]);
          // Where nothing may follow, the search ends as often as it comes by.
          if (children.length > 0) expect(visits).toBe(1 + children.reduce((sum, child) => sum + child.visits, 0));
          if (children.length > 0) expect(children.reduce((sum, { prior }) => sum + prior, 0)).toBeCloseTo(1);
          // Different bytes of a character that is not whole read alike.
          const texts = children.flatMap(({ text = "" }) => (text.includes("\uFFFD") ? [] : [text]));
          expect(new Set(texts).size).toBe(texts.length);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("has the value of plain means where nothing is similar", async () => {
    const root = await treeAfter(20, worldEngine(ROBBERY), { similarityShare: 0 });
    for (const { value, visits, judged, children } of everyNode(root).filter((node) => node.visits > 0)) {
      const below = children.reduce((sum, child) => sum + child.visits, 0);
      const values = children.reduce((sum, child) => sum + child.value * child.visits, 0);
      expect(value).toBeCloseTo(((judged?.value ?? 0) * (visits - below) + values) / visits);
    }
  });

  it("judges a text that is over only once, however often the search ends there", async () => {
    const engine = worldEngine({ pieces: [" x"], goOn: (text) => (text === "" ? { " x": 1 } : { [END]: 1 }), goodness: () => 0.1 });
    let judged = 0;
    const watched = watchedEngine(engine, (deed) => {
      if (deed === "verdict") judged++;
    });
    const root = await treeAfter(10, watched, { additionMaxChildren: 0 });
    expect(judged).toBe(3);
    expect(root.children[0]?.children[0]).toMatchObject({ visits: 8, children: [] });
  });

  it("gets another child where all known ones are bad and alike", async () => {
    const world: World = { ...ROBBERY, goodness: () => 0.1 };
    const sizes = async (additionMaxChildren: number) =>
      (await treeAfter(30, worldEngine(world), { children: 1, additionVariance: 10, additionMaxChildren })).children.length;
    expect(await sizes(0)).toBe(1);
    expect(await sizes(20)).toBe(2);
  });
});

describe("The search for one step", () => {
  const good = worldEngine({ ...ROBBERY, goodness: () => 0.99 });
  const fair = worldEngine({ ...ROBBERY, goodness: () => 0.5 });

  it("stops as soon as a child has more than minVisits visits and a value above the threshold", async () => {
    const { steps } = await searchedSteps(good, { children: 1 });
    // The root itself, then seven visits of its only child.
    expect(steps[0]).toMatchObject({ rewinds: 8, visits: 7 });
  });

  it("stops at maxIterations when nothing is good enough", async () => {
    expect((await searchedSteps(fair, { maxIterations: 23 })).steps[0]?.rewinds).toBe(23);
  });

  it("goes carriedIterations past the visits its root brought along", async () => {
    const { steps } = await searchedSteps(fair, { children: 2, maxIterations: 20, carriedIterations: 15 }, 2);
    expect(steps[0]?.visits).toBeGreaterThan(5);
    expect(steps[1]?.rewinds).toBe(15);
  });

  it("fails by name when the engine continues nothing", async () => {
    const engine = worldEngine(ROBBERY);
    const next: typeof engine.next = async (queries, call) => (call.purpose === "expand" ? [] : await engine.next(queries, call));
    await expect(searchedSteps({ ...watchedEngine(engine), next })).rejects.toMatchObject({ code: "decode-failed" });
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
