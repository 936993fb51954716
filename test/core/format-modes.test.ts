import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import {
  type Engine,
  EngineError,
  HARMLESS,
  type JsonFormat,
  MODES,
  OptionError,
  type RainAnswer,
  type RainOptions,
  type RainStep,
  rain,
} from "rain-align";
import { describe, expect, it } from "vitest";
import { randomWorld } from "../support/random-world.ts";
import { END } from "../support/scripted-engine.ts";
import { ASK, type World, worldEngine } from "../support/scripted-world.ts";
import { assertWithAll, Tally } from "../support/tally.ts";
import { watchedEngine } from "../support/watched-engine.ts";

const PLAN: JsonFormat = {
  type: "json",
  schema: {
    type: "object",
    properties: {
      take: { enum: ["money", "bus"] },
      steps: { type: "array", items: { type: "string", maxLength: 4 }, minItems: 1, maxItems: 2 },
    },
    required: ["take", "steps"],
  },
};
const isPlan = new Ajv2020().compile(PLAN.schema);

/** Would speak of money, plainly; under the format it says the same in JSON. Only whole answers show what they are. */
const PLANNER: World = {
  pieces: ['{"take":', '"money"', '"bus"', ',"steps":["', "walk", "run", '"]}', " Money"],
  goOn: (answer) => {
    if (answer === "") return { '{"take":': 1, " Money": 9 };
    if (answer.endsWith(":")) return { '"money"': 4, '"bus"': 1 };
    if (answer.endsWith('money"') || answer.endsWith('bus"')) return { ',"steps":["': 1, " ": 9 };
    if (answer.endsWith('["')) return { walk: 1, run: 1 };
    return { '"]}': 1, [END]: 9 };
  },
  goodness: (answer) => (answer.endsWith("}") ? (answer.includes("money") ? 0.03 : 0.97) : 0.5),
};

interface Written {
  readonly steps: readonly RainStep[];
  readonly answer: RainAnswer;
}

async function write(engine: Engine, options: RainOptions): Promise<Written> {
  const steps: RainStep[] = [];
  const answering = rain(engine, ASK, { format: PLAN, maxTokens: 64, ...options });
  let next = await answering.next();
  for (; !next.done; next = await answering.next()) steps.push(next.value);
  return { steps, answer: next.value };
}

describe("Under a format,", () => {
  it.each(MODES)("the answer in mode %s parses, is valid, and is not released before its end", async (mode) => {
    for (const seed of [1, 2, 3]) {
      const { steps, answer } = await write(worldEngine(PLANNER), { mode, seed, maxIterations: 8, bestOf: 20 });
      expect(answer.finishReason).toBe("stop");
      expect(isPlan(JSON.parse(answer.text)), answer.text).toBe(true);
      expect(steps.filter(({ text }) => text !== "").map(({ text }) => text)).toEqual([answer.text]);
      expect(steps.findIndex(({ text }) => text !== "")).toBe(steps.length - 1);
      if (mode !== "vanilla") expect(answer.text).toContain("bus");
    }
  });

  it("an adaptive answer is judged as a whole, once where nothing is wrong", async () => {
    const judged: string[] = [];
    const goodness = (answer: string) => {
      judged.push(answer);
      return 0.97;
    };
    const engine = worldEngine({ ...PLANNER, goodness });
    const { answer } = await write(engine, { firstCheck: 1, maxCheckGap: 1, seed: 5 });
    expect(new Set(judged)).toEqual(new Set([answer.text]));
    expect(answer).toMatchObject({ rewinds: 0, finishReason: "stop" });
    expect(answer.meter.evaluations).toBe(1);
    expect(answer.cost.fpe).toBeLessThan(4);
  });

  it("an unflagged adaptive answer is the plain one of its seed", async () => {
    const engine = worldEngine({ ...PLANNER, goodness: () => 0.97 });
    for (const seed of [1, 2, 3, 4]) {
      const [plain, adaptive] = [await write(engine, { mode: "vanilla", seed }), await write(engine, { seed })];
      expect(adaptive.answer.text).toBe(plain.answer.text);
    }
  });

  it("a flagged answer is searched for as a whole, and what is found is released", async () => {
    const rewinds = async (seed: number) => {
      const { answer } = await write(worldEngine(PLANNER), { seed });
      expect(JSON.parse(answer.text)).toMatchObject({ take: "bus" });
      expect(answer.value).toBeGreaterThan(0.9);
      return answer.rewinds;
    };
    const all = await Promise.all([1, 2, 3, 4, 5, 6].map(rewinds));
    expect(Math.max(...all)).toBeGreaterThan(0);
  });

  it("nothing of an answer that was refused is released", async () => {
    const { answer, steps } = await write(worldEngine({ ...PLANNER, goodness: () => 0.03 }), {});
    expect(answer).toMatchObject({ finishReason: "content_filter", text: "I am sorry, but I cannot help with that." });
    expect(steps.map(({ text }) => text).join("")).toBe(answer.text);
  });

  it.each(MODES)("an answer in mode %s that is cut at maxTokens says so", async (mode) => {
    const { answer } = await write(worldEngine({ ...PLANNER, goodness: () => 0.97 }), { mode, maxTokens: 3, maxIterations: 3 });
    expect(answer.finishReason).toBe("length");
    expect(() => JSON.parse(answer.text)).toThrow(SyntaxError);
    expect(answer.text.length).toBeGreaterThan(0);
  });

  it("an answer comes to its end, however much the model likes blanks and long lists", async () => {
    const blanks = worldEngine({
      pieces: ["    ", "\n\n", "\n "],
      goOn: () => ({ " ": 9, "\n": 9, "    ": 9, "\n\n": 9, "\n ": 9 }),
      goodness: () => 0.97,
    });
    for (const seed of [1, 2, 3]) {
      const { answer } = await write(blanks, { seed, maxTokens: 400 });
      expect(answer.finishReason).toBe("stop");
      expect(isPlan(JSON.parse(answer.text))).toBe(true);
    }
  });

  it("the continuation of an assistant's turn is of the format by itself", async () => {
    const engine = worldEngine({ ...PLANNER, goodness: () => 0.97 });
    const answering = rain(engine, [...ASK, { role: "assistant", text: "Here is my plan: " }], { format: PLAN, mode: "vanilla" });
    let next = await answering.next();
    while (!next.done) next = await answering.next();
    expect(isPlan(JSON.parse(next.value.text))).toBe(true);
  });

  it.each(MODES)("random models of every kind write what parses in mode %s", async (mode) => {
    const habits = fc.record({ salt: fc.nat(), badness: fc.constantFrom(0, 0.3, 0.7) });
    const property = fc.asyncProperty(habits, fc.nat({ max: 99 }), async (habit, seed) => {
      const { answer, steps } = await write(worldEngine(randomWorld(habit)), { seed, mode, maxTokens: 64, maxIterations: 2, children: 2 });
      expect(steps.map(({ text }) => text).join("")).toBe(answer.text);
      if (answer.finishReason === "stop") expect(isPlan(JSON.parse(answer.text)), answer.text).toBe(true);
    });
    await fc.assert(property, { numRuns: 6, seed: 11 });
  });
});

const IN_STEPS: JsonFormat = { ...PLAN, inSteps: true };

describe("Under a format that is released in steps,", () => {
  it("nothing is out that was not judged just as it stands, and did not pass", async () => {
    const tally = new Tally();
    const habits = fc.record({ salt: fc.nat(), badness: fc.constantFrom(0.02, 0.1, 0.3, 0.7) });
    const options = fc.record({
      seed: fc.nat({ max: 99 }),
      maxTokens: fc.constantFrom(8, 64),
      firstCheck: fc.constantFrom(1, 4),
      maxCheckGap: fc.constantFrom(1, 3, 9),
      heldBack: fc.constantFrom(0, 3),
      threshold: fc.constantFrom(-0.5, 0),
    });
    const property = fc.asyncProperty(habits, options, async (habit, given) => {
      const world = randomWorld(habit);
      const passed = new Set<string>();
      const goodness = (answer: string) => {
        const good = world.goodness(answer);
        // A character that is half there is not out.
        if (2 * good - 1 >= given.threshold) passed.add(answer.replace(/\uFFFD+$/, "").trim());
        return good;
      };
      const { steps, answer } = await write(worldEngine({ ...world, goodness }), { ...given, format: IN_STEPS, judging: "in-place" });
      let out = "";
      for (const { text, value } of steps) {
        out += text;
        if (value === undefined || text === "") continue;
        expect([...passed]).toContain(out.trim());
        tally.count("a part is out before the end", out !== answer.text);
      }
      expect(out).toBe(answer.text);
      if (answer.finishReason === "stop") expect(isPlan(JSON.parse(out))).toBe(true);
      tally.count("a flag behind a released part", answer.rewinds > 0 && steps.length > 2);
    });
    await assertWithAll(property, tally);
  });

  it("a whole one that is not valid is left as far as nothing of it is out, and where that does not mend it, is none", async () => {
    const engine = () => worldEngine({ ...PLANNER, goodness: () => 0.97 });
    const isValid = (text: string) => text.includes("run");
    const found = await write(engine(), { format: { ...IN_STEPS, isValid }, seed: 2, heldBack: 64 });
    expect(found.answer).toMatchObject({ finishReason: "stop", text: expect.stringContaining("run") });
    const { answer, steps } = await write(engine(), { format: { ...IN_STEPS, isValid: () => false }, firstCheck: 1, maxCheckGap: 1 });
    expect(answer.finishReason).toBe("content_filter");
    expect(steps.map(({ text }) => text).join("")).toBe(answer.text);
    expect(() => JSON.parse(answer.text)).toThrow(SyntaxError);
  });

  it("by a principle that says something of whole answers only, all is released at the end", async () => {
    const principle = { ...HARMLESS, horizon: "end" } as const;
    const { answer, steps } = await write(worldEngine(PLANNER), { format: IN_STEPS, principle, seed: 1 });
    expect(steps.filter(({ text }) => text !== "").map(({ text }) => text)).toEqual([answer.text]);
  });
});

describe("A format is refused before anything is computed", () => {
  const idle = watchedEngine(worldEngine(PLANNER), () => expect.unreachable());

  it("where it is none", () => {
    for (const format of ["json", { type: "xml" }, { type: "json" }, { type: "json", schema: [] }, { ...PLAN, inSteps: "yes" }])
      expect(() => rain(idle, ASK, { format } as object)).toThrow(OptionError);
  });

  it("where a part of it cannot be a grammar", () => {
    const format: JsonFormat = { type: "json", schema: { type: "string", pattern: "(?<=a)" } };
    expect(() => rain(idle, ASK, { format })).toThrow(EngineError);
  });

  it("beside stop strings, which could cut it", () => {
    expect(() => rain(idle, ASK, { format: PLAN, stop: ["\n"] })).toThrow("Expected `stop` to be empty where there is a `format`, got");
    expect(() => rain(idle, ASK, { format: PLAN, stop: [] })).not.toThrow();
  });

  it("by an engine that knows no formats", () => {
    expect(() => rain({ ...idle, formats: undefined }, ASK, { format: PLAN })).toThrow(
      "Expected an engine that writes under a format, got",
    );
  });
});
