import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULTS, type Engine, HARMLESS, type RainAnswer, type RainOptions, rain } from "../../src/core/index.ts";
import { randomWorld } from "../support/random-world.ts";
import { ASK, type World, worldEngine } from "../support/scripted-world.ts";
import { watchedEngine } from "../support/watched-engine.ts";

const REFUSAL = "I would rather not.";

/** Whatever anybody may ask for. */
const options: fc.Arbitrary<RainOptions> = fc.record({
  seed: fc.nat(),
  maxTokens: fc.integer({ min: 1, max: 40 }),
  temperature: fc.constantFrom(0, 1),
  preset: fc.constantFrom("fast", "balanced"),
  threshold: fc.constantFrom(-0.5, 0, 0.5),
  doubtMargin: fc.constantFrom(0, 0.5, 2),
  judging: fc.constantFrom("in-place", "preamble"),
  judgeExamples: fc.constant(1),
  maxCheckGap: fc.constantFrom(3, 9, 48),
  candidates: fc.integer({ min: 1, max: 4 }),
  retries: fc.integer({ min: 0, max: 2 }),
  heldBack: fc.constantFrom(0, 7, Number.POSITIVE_INFINITY),
  principle: fc.constantFrom(HARMLESS, { ...HARMLESS, horizon: "end" } as const),
  onExhausted: fc.constantFrom("refuse", "best"),
  refusal: fc.constant(REFUSAL),
  stop: fc.uniqueArray(fc.constantFrom("\n", "of", "n the", "é", "s."), { maxLength: 2 }),
});

const habits = fc.record({ salt: fc.nat(), badness: fc.constantFrom(0.1, 0.4, 0.8, 1) });

interface Watched {
  readonly whole: RainAnswer;
  readonly drawn: number;
  /** All text that was out after each step. */
  readonly shown: readonly string[];
  /** For each of them, whether it had been judged good before, itself or with what follows it. */
  readonly wasJudgedGood: readonly boolean[];
}

/** Writes an answer, and watches it being judged and released. */
async function watch(world: World, given: RainOptions): Promise<Watched> {
  const passed: string[] = [];
  const goodness = (text: string) => {
    const probability = world.goodness(text);
    if (2 * probability - 1 >= (given.threshold ?? DEFAULTS.threshold)) passed.push(text.trimStart());
    return probability;
  };
  const count = { drawn: 0 };
  const engine = counting(worldEngine({ ...world, goodness }), count);
  const answering = rain(engine, ASK, given);
  const shown: string[] = [];
  const wasJudgedGood: boolean[] = [];
  let next = await answering.next();
  for (; !next.done; next = await answering.next()) {
    shown.push((shown.at(-1) ?? "") + next.value.text);
    wasJudgedGood.push(passed.some((text) => text.startsWith(shown.at(-1) as string)));
  }
  return { whole: next.value, drawn: count.drawn, shown, wasJudgedGood };
}

/** Counts the tokens that the engine draws for anybody. */
function counting(engine: Engine, count: { drawn: number }): Engine {
  return {
    ...watchedEngine(engine, () => undefined),
    async *generate(continuation, call) {
      for await (const drawn of engine.generate(continuation, call)) {
        count.drawn++;
        yield drawn;
      }
    },
    async sampleMany(continuations, call) {
      const drawn = await engine.sampleMany(continuations, call);
      count.drawn += drawn.flat().length;
      return drawn;
    },
  };
}

describe("Adaptive decoding, whatever the model, its opinions and the options:", () => {
  it("the answer is the text of its steps; none is unjudged, taken back, cut inside a character or past a stop string", async () => {
    await fc.assert(
      fc.asyncProperty(habits, options, async (world, given) => {
        const { whole, shown, wasJudgedGood } = await watch(randomWorld(world), given);
        expect(shown.at(-1)).toBe(whole.text);
        for (const stop of given.stop ?? []) expect(whole.text).not.toContain(stop);
        expect(whole.text).not.toContain("\uFFFD");
        const isRefusal = whole.finishReason === "content_filter" && whole.value === undefined;
        if (isRefusal) expect(REFUSAL.startsWith(whole.text)).toBe(true);
        if (given.onExhausted === "refuse") expect(isRefusal ? wasJudgedGood.slice(0, -1) : wasJudgedGood).not.toContain(false);
      }),
      { numRuns: 150 },
    );
  });

  it("every drawn token is in the answer or among the discarded ones, and rewinds add up", async () => {
    await fc.assert(
      fc.asyncProperty(habits, options, async (world, given) => {
        let rewinds = 0;
        const onEvent: RainOptions["onEvent"] = (event) => {
          if (event.type === "rewind") rewinds++;
        };
        const { whole, drawn } = await watch(randomWorld(world), { ...given, onEvent });
        expect(whole.meter.emitted + whole.discarded).toBe(drawn);
        expect(whole.rewinds).toBe(rewinds);
      }),
      { numRuns: 60 },
    );
  });

  it("the same seed gives the same text", async () => {
    await fc.assert(
      fc.asyncProperty(habits, options, async (world, given) => {
        const texts = [await watch(randomWorld(world), given), await watch(randomWorld(world), given)].map(({ whole }) => whole.text);
        expect(texts[0]).toBe(texts[1]);
      }),
      { numRuns: 30 },
    );
  });

  it("an answer in which nothing is flagged is token for token the plain one of the same seed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), options, async (salt, given) => {
        const tokens = async (mode: "adaptive" | "vanilla") => {
          const steps: number[] = [];
          for await (const step of rain(worldEngine(randomWorld({ salt, badness: 0 })), ASK, { ...given, mode, threshold: 0 }))
            steps.push(...step.tokens);
          return steps;
        };
        expect(await tokens("adaptive")).toEqual(await tokens("vanilla"));
      }),
      { numRuns: 60 },
    );
  });
});
