import fc from "fast-check";
import { type RainEvent, type RainOptions, rain } from "rain-align";
import { describe, expect, it } from "vitest";
import { Trace } from "../../src/trace/index.ts";
import { END, type Weights } from "../support/scripted-engine.ts";
import { ASK } from "../support/scripted-world.ts";
import { MARKS, thinkingEngine } from "../support/thinking-world.ts";

const SECRETS = [" SECRET", " plot"] as const;
const WORDS = [" rain", " roof", ".", ","] as const;

/** How badly it thinks: marks come in any order, any number of times, or never. */
const habits = fc.record({
  salt: fc.nat(),
  kind: fc.constantFrom(...(Object.keys(MARKS) as (keyof typeof MARKS)[])),
  isOpened: fc.boolean(),
  isQuietHeard: fc.boolean(),
  opens: fc.constantFrom(0, 0.1, 1, 20),
  closes: fc.constantFrom(0, 0.2, 1),
  ends: fc.constantFrom(0.02, 0.3),
  badness: fc.constantFrom(0, 0.2, 1),
});

type Habits = typeof habits extends fc.Arbitrary<infer Value> ? Value : never;

const options = fc.record({
  seed: fc.nat(),
  mode: fc.constantFrom("adaptive", "adaptive", "paper", "vanilla", "best-of-n"),
  thoughts: fc.constantFrom("hidden", "off"),
  thinkingBudget: fc.constantFrom(0, 3, 40),
  maxTokens: fc.integer({ min: 1, max: 30 }),
  preset: fc.constantFrom("fast", "balanced"),
  judging: fc.constantFrom("in-place", "preamble"),
  judgeExamples: fc.constant(1),
  firstCheck: fc.constantFrom(1, 4),
  retries: fc.integer({ min: 0, max: 2 }),
  searchBudget: fc.constantFrom(0, 30, 400),
  heldBack: fc.constantFrom(0, 7),
  explore: fc.constantFrom("resample", "contrast"),
  maxIterations: fc.constant(6),
  children: fc.constant(2),
  childDraws: fc.constant(2),
  maxSimulationTokens: fc.constant(6),
  bestOf: fc.constant(2),
  onExhausted: fc.constantFrom("refuse", "best"),
  revealDiscarded: fc.boolean(),
} as const) satisfies fc.Arbitrary<RainOptions>;

function badThinker(given: Habits) {
  const { salt, kind, isOpened, isQuietHeard, opens, closes, ends, badness } = given;
  const marks = MARKS[kind];
  const asked = isOpened ? marks.open : "";
  const thinking = { ...marks, asked, quiet: isQuietHeard ? "" : asked };
  const goOn = (said: string): Weights => {
    const isInside = said.lastIndexOf(marks.open) > said.lastIndexOf(marks.close);
    const words = isInside ? SECRETS : WORDS;
    const weights = words.map((word, index) => [word, 0.1 + noise(said.slice(-9), salt + index)] as const);
    return { ...Object.fromEntries(weights), [marks.open]: opens, [marks.close]: closes, [END]: ends };
  };
  const goodness = (answer: string) => (noise(answer, salt) < badness ? 0.1 : 0.9);
  return thinkingEngine({ pieces: [...SECRETS, ...WORDS], goOn, goodness, thinking });
}

/** A number in [0, 1) for a text. */
function noise(text: string, salt: number): number {
  let hash = salt ^ 0x5bd1e995;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) as number), 0x01000193);
  return (Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0) / 2 ** 32;
}

const LEAK = /SECRET|plot|\[THINK\]|\(DONE\)|think>|<\||analysis/;

describe("A model that thinks badly", () => {
  it("never has any of it in what is released, told of or traced, in any mode", async () => {
    let thoughts = 0;
    await fc.assert(
      fc.asyncProperty(habits, options, async (given, asked) => {
        await using engine = badThinker(given);
        const told: unknown[] = [];
        const tokens: number[] = [];
        const onEvent = (event: RainEvent) => {
          told.push(event);
          if (event.type === "commit") tokens.push(...event.step.tokens);
        };
        const trace = new Trace(ASK, { ...asked, onEvent, onTree: (tree) => told.push(tree) });
        const steps = rain(engine, ASK, trace.options);
        let next = await steps.next();
        for (; !next.done; next = await steps.next()) {
          told.push(next.value);
          tokens.push(...next.value.tokens);
          expect(next.value.thought).toBeUndefined();
        }
        const { meter, ...whole } = next.value;
        trace.end(next.value);
        told.push(whole, trace.data("a model"));
        expect(JSON.stringify(told)).not.toMatch(LEAK);
        // A mark in plain text may end them, as a stop string does.
        expect(engine.tokenizer.detokenize(tokens)).not.toMatch(/SECRET|plot/);
        thoughts += Number(meter.thoughtTokens > 0);
      }),
      { numRuns: 400 },
    );
    expect(thoughts).toBeGreaterThan(100);
  });
});
