import fc from "fast-check";
import {
  answer,
  ContextFullError,
  type Engine,
  HARMLESS,
  MODES,
  type Mode,
  OptionError,
  type RainAnswer,
  type RainEvent,
  type RainOptions,
  type RainStep,
  rain,
  type Turn,
} from "rain-align";
import { describe, expect, it } from "vitest";
import { ASK, ROBBERY, type World, worldEngine } from "../support/scripted-world.ts";
import { watchedEngine, withoutRepeats } from "../support/watched-engine.ts";

/** Fewer passes than the paper's, and always an answer of the model's own, for tests that are not about these. */
const QUICK = { maxIterations: 8, carriedIterations: 3, maxTokens: 16, onExhausted: "best" } as const;

async function run(
  engine: Engine,
  options: RainOptions = {},
  turns: readonly Turn[] = ASK,
): Promise<{ steps: RainStep[]; whole: RainAnswer }> {
  const answering = rain(engine, turns, { ...QUICK, ...options });
  const steps: RainStep[] = [];
  let next = await answering.next();
  for (; !next.done; next = await answering.next()) steps.push(next.value);
  return { steps, whole: next.value };
}

describe.each(MODES)("An answer in %s mode", (mode: Mode) => {
  it("is the text of its steps, token for token, and the same for the same seed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const engine = worldEngine(ROBBERY);
        const { steps, whole } = await run(engine, { mode, seed });
        expect(steps.map(({ text }) => text).join("")).toBe(whole.text);
        const tokens = steps.flatMap((step) => step.tokens);
        expect(
          engine.tokenizer
            .detokenize(tokens)
            .trimStart()
            .replace(/\uFFFD+$/, ""),
        ).toBe(whole.text);
        expect(whole.meter.emitted).toBe(tokens.length);
        expect(whole.finishReason).toBe(engine.tokenizer.isEnd(tokens.at(-1) ?? -1) ? "stop" : "length");
        expect(whole.discarded).toBeGreaterThanOrEqual(0);
        expect((await run(worldEngine(ROBBERY), { mode, seed })).whole.text).toBe(whole.text);
      }),
      { numRuns: 15 },
    );
  });

  it("never shows a stop string, nor half a character", async () => {
    const stops = fc.uniqueArray(fc.constantFrom(" not rob", ".", "money", "ou sh", "é."), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.nat(), stops, async (seed, stop) => {
        const { steps, whole } = await run(worldEngine(ROBBERY), { mode, seed, stop });
        const shown = steps.reduce((before, { text }) => before + text, "");
        for (const one of stop) expect(shown).not.toContain(one);
        expect(shown).not.toContain("\uFFFD");
        expect(shown).toBe(whole.text);
      }),
      { numRuns: 15 },
    );
  });

  it("ends at the length limit, with the text so far", async () => {
    const { whole } = await run(worldEngine({ ...ROBBERY, goOn: () => ({ " You": 1 }) }), { mode, maxTokens: 7 });
    expect(whole).toMatchObject({ text: "You You You You You You You", finishReason: "length" });
    expect(whole.meter.emitted).toBe(7);
  });

  it("goes on inside the assistant's turn when that is the last", async () => {
    const { whole } = await run(worldEngine(ROBBERY), { mode }, [...ASK, { role: "assistant", text: "You should not" }]);
    expect(whole.text.startsWith(" rob the")).toBe(true);
  });

  it("is refused for a conversation that fills the context", async () => {
    await expect(run(worldEngine({ ...ROBBERY, contextSize: 20 }), { mode })).rejects.toThrow(ContextFullError);
  });
});

describe("Paper mode", () => {
  const PAPER = { mode: "paper" } as const;

  it("writes a good answer where plain decoding writes a bad one", async () => {
    const bad = async (mode: Mode) => {
      const texts = await Promise.all(
        [1, 2, 3, 4, 5, 6].map(async (seed) => (await answer(worldEngine(ROBBERY), ASK, { mode, seed, maxTokens: 24 })).text),
      );
      return texts.filter((text) => text.includes("money")).length;
    };
    expect(await bad("vanilla")).toBeGreaterThan(2);
    expect(await bad("paper")).toBe(0);
  });

  it("says how each step was found", async () => {
    const { steps, whole } = await run(worldEngine(ROBBERY), PAPER);
    for (const { visits, value } of steps) {
      expect(visits).toBeGreaterThan(0);
      expect(Math.abs(value ?? 9)).toBeLessThanOrEqual(1);
    }
    expect(whole.rewinds).toBe(steps.reduce((sum, { rewinds }) => sum + rewinds, 0));
    expect(whole.value).toBe(steps.at(-1)?.value);
    expect(whole.meter.evaluations).toBeGreaterThan(0);
    expect(whole.cost.fpe).toBeGreaterThan(1);
  });

  it("reports each rewind and each commit, and what was discarded only when asked to", async () => {
    const tell = async (revealDiscarded: boolean) => {
      const events: RainEvent[] = [];
      const { steps, whole } = await run(worldEngine(ROBBERY), { ...PAPER, onEvent: (event) => events.push(event), revealDiscarded });
      expect(events.filter(({ type }) => type === "rewind")).toHaveLength(whole.rewinds);
      expect(events.flatMap((event) => (event.type === "commit" ? [event.step] : []))).toEqual(steps);
      return events.flatMap((event) => (event.type === "rewind" ? [event.discarded] : []));
    };
    expect(new Set(await tell(false))).toEqual(new Set([undefined]));
    expect((await tell(true)).some((text) => text?.includes("money"))).toBe(true);
  });

  it("simulates to the end of the answer for a principle that looks that far", async () => {
    const heard: string[] = [];
    const world: World = { ...ROBBERY, goodness: (text) => 0.5 * Math.sign(heard.push(text)) };
    const principle = { ...HARMLESS, horizon: "end" } as const;
    await run(worldEngine(world), { ...PAPER, principle, maxIterations: 2, carriedIterations: 1, maxTokens: 30 });
    expect(heard.every((text) => text.endsWith(".") || text.endsWith(","))).toBe(true);
  });
});

describe("Vanilla mode", () => {
  it("computes one token for each emitted token, and asks no judge", async () => {
    const { whole } = await run(worldEngine({ ...ROBBERY, goodness: () => Number.NaN }), { mode: "vanilla" });
    expect(whole.cost).toEqual({ fpe: 1, spe: 1, epe: 0 });
    expect(whole).toMatchObject({ value: undefined, discarded: 0, rewinds: 0 });
  });
});

describe("Best-of-n mode", () => {
  it("of one draft is plain decoding, judged", async () => {
    const texts = async (options: RainOptions) => (await run(worldEngine(ROBBERY), { ...options, seed: 5 })).whole.text;
    expect(await texts({ mode: "best-of-n", bestOf: 1 })).toBe(await texts({ mode: "vanilla" }));
  });

  it("takes the draft with the best value, from one batch of drafts and one of questions", async () => {
    const calls: string[] = [];
    const engine = watchedEngine(worldEngine(ROBBERY), (deed) => calls.push(deed));
    const { whole } = await run(engine, { mode: "best-of-n", bestOf: 16 });
    expect(withoutRepeats(calls.filter((deed) => deed !== "prime"))).toEqual(["draft", "verdict"]);
    expect(calls.filter((deed) => deed === "verdict")).toHaveLength(1);
    expect(whole.meter.evaluations).toBe(16);
    expect(whole.text).not.toContain("money");
    expect(whole.value).toBeGreaterThan(0);
  });
});

describe("The door", () => {
  it.each([
    [[], "Expected `turns` to be a non-empty list of turns"],
    [[{ role: "bot", text: "x" }], "Expected `turns[0].role` to be one of `system`, `user`, `assistant`, `tool`, got `bot` (string)"],
    [[{ role: "user", text: 7 }], "Expected `turns[0].text` to be a string, got `7` (number)"],
  ])("refuses the turns %j", (turns, complaint) => {
    expect(() => rain(worldEngine(ROBBERY), turns as Turn[])).toThrow(complaint);
  });

  it("refuses bad options before anything is computed", () => {
    const engine = watchedEngine(worldEngine(ROBBERY), () => expect.unreachable());
    expect(() => rain(engine, ASK, { maxTokens: 0 })).toThrow(OptionError);
  });
});
