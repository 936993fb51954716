import {
  ContextFullError,
  type Engine,
  ExhaustedError,
  type RainAnswer,
  type RainEvent,
  type RainOptions,
  type RainStep,
  rain,
} from "rain-align";
import { describe, expect, it } from "vitest";
import { END } from "../support/scripted-engine.ts";
import { ASK, ROBBERY, type World, worldEngine } from "../support/scripted-world.ts";
import { watchedEngine, withoutRepeats } from "../support/watched-engine.ts";

interface Run {
  readonly steps: readonly RainStep[];
  readonly events: readonly RainEvent[];
  /** `undefined` where it failed. */
  readonly whole: RainAnswer | undefined;
  readonly failure: unknown;
}

/** Writes an answer, and keeps what was released also where it fails. */
async function run(engine: Engine, options: RainOptions = {}): Promise<Run> {
  const [steps, events]: [RainStep[], RainEvent[]] = [[], []];
  const answering = rain(engine, ASK, { maxTokens: 24, onEvent: (event) => events.push(event), ...options });
  try {
    let next = await answering.next();
    for (; !next.done; next = await answering.next()) steps.push(next.value);
    return { steps, events, whole: next.value, failure: undefined };
  } catch (failure) {
    return { steps, events, whole: undefined, failure };
  }
}

function textOf({ steps }: Run): string {
  return steps.map(({ text }) => text).join("");
}

/** Two words in turn, for ever; bad from the moment that it says `bad`. */
const ENDLESS: World = {
  pieces: [" so", " on", " bad"],
  goOn: (answer) => (answer.endsWith(" so") ? { " on": 1 } : { " so": 1 }),
  goodness: (answer) => (answer.includes("bad") ? 0.02 : 0.98),
};

/** Right behind its first check, mostly says ` bad`. */
const LATE_HARM: World = { ...ENDLESS, goOn: (answer) => (answer.length === 15 ? { " bad": 4, " so": 1 } : { " so": 1 }) };

describe("An adaptive answer in which nothing is wrong", () => {
  it("costs at most 1.4 forward tokens for each of 200 tokens, and one call for each token and check", async () => {
    const { whole, steps } = await run(worldEngine(ENDLESS), { maxTokens: 200 });
    expect(whole?.meter.emitted).toBe(200);
    expect(whole?.meter.evaluations).toBe(6);
    expect(whole?.cost.fpe).toBeLessThanOrEqual(1.4);
    expect(whole?.cost.spe).toBe(206 / 200);
    expect(whole).toMatchObject({ rewinds: 0, discarded: 0, finishReason: "length" });
    expect(steps).toHaveLength(6);
  });

  it("is held back for less than 24 tokens on average, and at first for at most 8", async () => {
    const { steps } = await run(worldEngine(ENDLESS), { maxTokens: 200 });
    const waited = steps.reduce((sum, { tokens }) => sum + (tokens.length * (tokens.length - 1)) / 2, 0);
    expect(waited / 200).toBeLessThan(24);
    expect(steps[0]?.tokens.length).toBeLessThanOrEqual(8);
  });

  it("is judged once more where a bare end token makes a beginning the whole: of that, more may be asked", async () => {
    const world = { ...ENDLESS, goOn: (answer: string) => (answer.length < 20 ? { " so": 1 } : { ".": 1 }) };
    const goOn = (answer: string) => (answer.endsWith(".") ? { [END]: 1 } : world.goOn(answer));
    const { whole } = await run(worldEngine({ ...world, goOn }), { firstCheck: 7 });
    expect(whole).toMatchObject({ text: "so so so so so so so.", finishReason: "stop" });
    expect(whole?.meter.evaluations).toBe(2);
  });
});

describe("An adaptive answer in which something is wrong", () => {
  it("keeps what was committed, and goes on with something that passes", async () => {
    const result = await run(worldEngine(LATE_HARM));
    expect(result.whole).toMatchObject({ finishReason: "length", text: textOf(result) });
    expect(result.whole?.text).toMatch(/^so( so)+$/);
    expect(result.whole?.rewinds).toBeGreaterThan(0);
    expect(result.whole?.discarded).toBeGreaterThan(0);
    expect(result.whole?.value).toBeGreaterThan(0.9);
  });

  it("reports each text that it left, and what that was only when asked to", async () => {
    const rewinds = async (revealDiscarded: boolean) => {
      const { events, whole } = await run(worldEngine(LATE_HARM), { revealDiscarded });
      const heard = events.flatMap((event) => (event.type === "rewind" ? [event] : []));
      expect(heard).toHaveLength(whole?.rewinds as number);
      return heard;
    };
    expect((await rewinds(false)).some((event) => "discarded" in event)).toBe(false);
    const [first] = await rewinds(true);
    expect(first).toMatchObject({ committed: 5, iteration: 1, discarded: expect.stringContaining("bad") });
    expect(first?.value).toBeLessThan(0);
  });

  it("draws and judges all candidates of a round together", async () => {
    const calls: string[] = [];
    const engine = watchedEngine(worldEngine(LATE_HARM), (deed) => calls.push(deed));
    await run(engine, { maxTokens: 20, candidates: 8 });
    const others = withoutRepeats(calls.filter((deed) => deed !== "draft"));
    expect(others.slice(others.indexOf("expand")).slice(0, 3)).toEqual(["expand", "simulate", "verdict"]);
  });

  it("opens candidates otherwise even where the user wants the likeliest tokens", async () => {
    const { whole } = await run(worldEngine(LATE_HARM), { temperature: 0, candidates: 12, maxTokens: 12, topK: 1 });
    expect(whole?.text).toMatch(/^so( so)+$/);
    expect(whole?.finishReason).toBe("length");
  });

  it("goes back behind what is held back when nothing passes there", async () => {
    // The first word decides; that shows only at the second check.
    const world: World = {
      pieces: [" left", " right", " on"],
      goOn: (answer) => (answer === "" ? { " left": 9, " right": 1 } : { " on": 1 }),
      goodness: (answer) => (answer.startsWith(" left") && answer.length > 30 ? 0.02 : 0.98),
    };
    const seed = 3;
    const released = await run(worldEngine(world), { seed });
    expect(released.steps[0]?.text).toMatch(/^left/);
    expect(released.whole).toMatchObject({ finishReason: "content_filter" });
    expect(released.whole?.text).not.toContain("sorry");
    const held = await run(worldEngine(world), { seed, heldBack: Number.POSITIVE_INFINITY, searchBudget: 4096 });
    expect(held.whole).toMatchObject({ finishReason: "length" });
    expect(held.whole?.text).toMatch(/^right/);
  });

  it("holds back no more tokens than it was told to", async () => {
    const drawn: number[] = [];
    const engine = watchedEngine(worldEngine(ENDLESS), (deed) => deed === "draft" && drawn.push(1));
    let released = 0;
    const schedule = { firstCheck: 4, maxCheckGap: 4, heldBack: 9, maxTokens: 60 };
    for await (const { tokens } of rain(engine, ASK, schedule)) {
      expect(drawn.length - released).toBeLessThanOrEqual(9 + 4 + 4);
      released += tokens.length;
      expect(drawn.length - released === 0 || drawn.length - released > 9 - 8).toBe(true);
    }
    expect(released).toBe(60);
  });

  it.each(["in-place", "preamble"] as const)("is good in the end, judged %s", async (judging) => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const { whole } = await run(worldEngine(ROBBERY), { seed, judging });
      expect(whole?.text).not.toContain("money");
    }
  });
});

describe("A model whose every text fails the judge", () => {
  const HOPELESS: World = { ...ENDLESS, goodness: () => 0.1 };

  it("is answered for with the refusal, which ends before a stop string like all text", async () => {
    const { whole, steps } = await run(worldEngine(HOPELESS));
    expect(whole).toMatchObject({ text: "I am sorry, but I cannot help with that.", finishReason: "content_filter", value: undefined });
    expect(whole?.meter.emitted).toBe(0);
    expect(steps).toHaveLength(1);
    expect((await run(worldEngine(HOPELESS), { refusal: "No. Never.", stop: [" Never"] })).whole?.text).toBe("No.");
  });

  it("ends behind what was released, and what waited for a stop string, with no sentence glued to it", async () => {
    const world: World = { ...ENDLESS, goOn: (answer) => (answer.length < 15 ? { " so": 1 } : { " bad": 1 }) };
    const { whole } = await run(worldEngine(world));
    expect(whole).toMatchObject({ text: "so so so so so", finishReason: "content_filter" });
    expect(whole?.value).toBeGreaterThan(0.9);
    const waiting = await run(worldEngine(world), { stop: [" so no"] });
    expect(waiting.steps[0]?.text).toBe("so so so so");
    expect(waiting.whole?.text).toBe("so so so so so");
  });

  it("spends no more than the budget, to a round", async () => {
    const drawn = async (searchBudget: number) => (await run(worldEngine(HOPELESS), { searchBudget, candidates: 2 })).whole?.discarded;
    expect(await drawn(0)).toBe(5);
    expect(await drawn(1)).toBe(5 + 2 * 5);
  });

  it("is answered for with the best that was found, if that is asked for, to the end", async () => {
    const { whole } = await run(worldEngine(HOPELESS), { onExhausted: "best" });
    expect(whole).toMatchObject({ finishReason: "length", text: expect.stringMatching(/^so on so on/) });
    expect(whole?.value).toBeCloseTo(-0.8);
    expect(whole?.meter.emitted).toBe(24);
  });

  it("fails by name, if that is asked for, and releases nothing", async () => {
    const { failure, steps } = await run(worldEngine(HOPELESS), { onExhausted: "error" });
    expect(failure).toBeInstanceOf(ExhaustedError);
    expect(failure).toMatchObject({ principle: "harmless", committed: 0, best: expect.closeTo(-0.8) });
    expect(steps).toEqual([]);
  });
});

describe("Where an adaptive answer ends:", () => {
  it("with a refusal, when the model says nothing; the judge is not asked", async () => {
    const { whole } = await run(worldEngine({ ...ENDLESS, goOn: () => ({ [END]: 1 }) }));
    expect(whole).toMatchObject({ finishReason: "content_filter", value: undefined });
    expect(whole?.text).not.toBe("");
    expect(whole?.meter.evaluations).toBe(0);
  });

  it.each(["in-place", "preamble"] as const)("at the last token behind which the question still fits, judged %s", async (judging) => {
    const engine = worldEngine({ ...ENDLESS, contextSize: 140 });
    const result = await run(engine, { maxTokens: 1000, judging, judgeExamples: 0 });
    expect(result.whole).toMatchObject({ finishReason: "length", text: textOf(result) });
    expect(result.whole?.meter.emitted).toBeGreaterThan(8);
    expect(result.whole?.value).toBeGreaterThan(0.9);
  });

  it("before it begins, when the conversation leaves no room for the question", async () => {
    const room = worldEngine(ENDLESS).tokenizer.render(ASK).length + 3;
    expect((await run(worldEngine({ ...ENDLESS, contextSize: room }))).failure).toBeInstanceOf(ContextFullError);
  });

  it("at a stop string, also one that a check cut in two", async () => {
    const { whole } = await run(worldEngine(ENDLESS), { stop: ["on so on so on so on so on"] });
    expect(whole).toMatchObject({ text: "so ", finishReason: "stop" });
  });

  it("with whole characters, also where a check stands inside one", async () => {
    const world: World = { ...ENDLESS, pieces: [], goOn: () => ({ "👩": 1, 日: 1 }) };
    const result = await run(worldEngine(world), { maxTokens: 30, firstCheck: 1, maxCheckGap: 1 });
    expect(result.whole?.text).toMatch(/^[👩日]+$/u);
    for (const { text } of result.steps) expect(text).not.toContain("\uFFFD");
  });
});
