import fc from "fast-check";
import {
  ExhaustedError,
  type FindJudge,
  type JsonFormat,
  letterJudge,
  MODES,
  OptionError,
  type RainEvent,
  type RainOptions,
  rain,
} from "rain-align";
import { describe, expect, it } from "vitest";
import { fitnessOf } from "../support/measured-engine.ts";
import { END } from "../support/scripted-engine.ts";
import { ASK, type World, worldEngine } from "../support/scripted-world.ts";

const NUMBER: JsonFormat = { type: "json", schema: { enum: [11, 12, 13, 14] } };

/** Finds every answer good. */
const COUNTER: World = {
  pieces: ["11", "12", "13", "14"],
  goOn: (answer) => (answer === "" ? { "11": 6, "12": 1, "13": 1, "14": 1 } : { [END]: 1 }),
  goodness: () => 0.97,
};

const LIST: JsonFormat = { type: "json", schema: { type: "array", items: { enum: [1, 2] } } };

/** Writes lists of one item and more. */
const LISTER: World = {
  pieces: ["[", "1", "2", ",", "]"],
  goOn: (answer) =>
    answer === "" ? { "[": 1 } : /[[,]$/.test(answer) ? { "1": 1, "2": 1 } : answer.endsWith("]") ? { [END]: 1 } : { ",": 3, "]": 1 },
  goodness: () => 0.97,
};

/** @returns the answer, and all that was released on the way */
async function write(
  isValid: JsonFormat["isValid"],
  { inSteps = false, ...options }: RainOptions & Pick<JsonFormat, "inSteps"> = {},
  world: World = COUNTER,
) {
  const format = { ...(world === LISTER ? LIST : NUMBER), ...(isValid === undefined ? {} : { isValid }), inSteps };
  const answering = rain(worldEngine(world), ASK, { format, maxTokens: 16, ...options });
  let released = "";
  for (;;) {
    const { done, value } = await answering.next();
    if (done) return { answer: value, released };
    released += value.text;
  }
}

const judging = MODES.filter((mode) => mode !== "vanilla");

describe("A text of the schema that is not valid", () => {
  it.each(judging)("is left for one that is, though the judge likes both: %s", async (mode) => {
    for (const seed of [1, 2, 3, 4]) {
      const { answer } = await write((text) => text !== "11", { mode, seed, bestOf: 24, maxIterations: 24 });
      expect(["12", "13", "14"]).toContain(answer.text);
      expect(answer.finishReason).toBe("stop");
    }
  });

  it("is never released, whatever is valid, in however many steps, in any mode", async () => {
    const [modes, thresholds] = [fc.constantFrom(...judging), fc.constantFrom(-1, 0)];
    await fc.assert(
      fc.asyncProperty(
        fc.subarray(["11", "12", "13", "14"]),
        fc.nat(),
        fc.boolean(),
        modes,
        thresholds,
        async (valid, seed, isLate, mode, threshold) => {
          const isValid = (text: string) => (isLate ? Promise.resolve(valid.includes(text)) : valid.includes(text));
          const { answer, released } = await write(isValid, { seed, mode, threshold });
          expect(released).toBe(answer.text);
          expect(answer.finishReason === "content_filter" || valid.includes(answer.text), answer.text).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("costs no question to the judge", async () => {
    const judged: string[] = [];
    const goodness = (answer: string) => {
      judged.push(answer);
      return 0.97;
    };
    await write((text) => text !== "11", { seed: 1 }, { ...COUNTER, goodness });
    expect(judged).not.toContain("11");
    expect(judged.length).toBeGreaterThan(0);
  });

  it.each(judging)("is refused where none is found that is valid, unless the best is to be taken: %s", async (mode) => {
    const { answer, released } = await write(() => false, { mode });
    expect(answer.finishReason).toBe("content_filter");
    expect(released).toBe("I am sorry, but I cannot help with that.");
    expect(["11", "12", "13", "14"]).toContain((await write(() => false, { mode, onExhausted: "best" })).answer.text);
    await expect(write(() => false, { mode, onExhausted: "error" })).rejects.toThrow(ExhaustedError);
  });
});

describe("Whether a text is valid is asked", () => {
  it("of whole texts only: none that is a beginning, or that the length limit has cut", async () => {
    const asked: string[] = [];
    const isValid = (text: string) => {
      asked.push(text);
      return false;
    };
    const slow: World = {
      ...COUNTER,
      pieces: ["1", "2"],
      goOn: (answer) => (answer === "" ? { "1": 1 } : answer === "1" ? { "2": 1 } : { [END]: 1 }),
    };
    const { answer } = await write(isValid, { maxTokens: 2 }, slow);
    expect(asked).toEqual([]);
    expect(answer.finishReason).toBe("length");
    await write(isValid, { firstCheck: 1, maxCheckGap: 1 }, slow);
    expect(new Set(asked)).toEqual(new Set(["12"]));
  });

  it("in vain where asking fails: the answer fails with it, and nothing is released", async () => {
    const failed = write(() => {
      throw new Error("no answer");
    });
    await expect(failed).rejects.toThrow("no answer");
  });

  it("by a function", async () => {
    await expect(write("yes" as never)).rejects.toThrow(OptionError);
  });
});

/** No better than guessing: it never judges. */
const unfit: FindJudge = async (engine, settings) => ({ ...(await letterJudge(engine, settings)), fitness: fitnessOf(0.5) });

const UNJUDGED: readonly (readonly [string, RainOptions])[] = [
  ["in vanilla mode", { mode: "vanilla" }],
  ["by an unfit judge", { judge: unfit }],
];

describe.each(UNJUDGED)("Where nobody judges, %s, a text that is not valid", (_, unjudged) => {
  it("is drawn anew, and never released", async () => {
    await fc.assert(
      fc.asyncProperty(fc.subarray(["11", "12", "13", "14"]), fc.nat(), fc.boolean(), async (valid, seed, isLate) => {
        const asked: string[] = [];
        const isValid = (text: string) => {
          asked.push(text);
          return isLate ? Promise.resolve(valid.includes(text)) : valid.includes(text);
        };
        const { answer, released } = await write(isValid, { ...unjudged, seed, retries: 3 });
        expect(released).toBe(answer.text);
        const isRefused = answer.finishReason === "content_filter";
        expect(isRefused || valid.includes(answer.text), answer.text).toBe(true);
        expect(asked.filter((text) => !valid.includes(text))).toHaveLength(answer.rewinds);
        expect(asked.length).toBe(isRefused ? 4 : answer.rewinds + 1);
        expect(answer.value).toBeUndefined();
        expect(answer.meter.evaluations).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it("ends the answer as an exhausted search does, where none is found that is valid", async () => {
    const { answer, released } = await write(() => false, unjudged);
    expect(answer.finishReason).toBe("content_filter");
    expect(released).toBe("I am sorry, but I cannot help with that.");
    await expect(write(() => false, { ...unjudged, onExhausted: "error" })).rejects.toThrow(ExhaustedError);
    await expect(write(() => false, { ...unjudged, onExhausted: "error" })).rejects.toThrow(/isValid/);
    const { answer: best } = await write(() => false, { ...unjudged, onExhausted: "best" });
    expect(["11", "12", "13", "14"]).toContain(best.text);
  });

  it("is not written again by a greedy model", async () => {
    for (const seed of [1, 2, 3]) {
      const { answer } = await write((text) => text !== "11", { ...unjudged, seed, temperature: 0, retries: 40 });
      expect(["12", "13", "14"]).toContain(answer.text);
    }
  });

  it("is looked for no longer than `retries` and `searchBudget` say", async () => {
    const counted = async (options: RainOptions) => {
      let asked = 0;
      await write(() => ++asked < 0, { ...unjudged, ...options });
      return asked;
    };
    expect(await counted({ retries: 0 })).toBe(1);
    expect(await counted({ retries: 7 })).toBe(8);
    expect(await counted({ searchBudget: 0 })).toBe(1);
    expect(await counted({ searchBudget: 3, retries: 9 })).toBe(3);
  });

  it("is told of as a rewind, without what was written", async () => {
    const told = async (options: RainOptions) => {
      const events: RainEvent[] = [];
      await write(() => false, { ...unjudged, ...options, retries: 1, onEvent: (event) => events.push(event) });
      return events.filter(({ type }) => type === "rewind");
    };
    const hidden = await told({});
    expect(hidden.map((event) => "value" in event && event.value)).toEqual([-1, -1]);
    expect(JSON.stringify(hidden)).not.toMatch(/1[1-4]/);
    expect(JSON.stringify(await told({ revealDiscarded: true }))).toMatch(/1[1-4]/);
  });

  it("costs the others nothing: they are as they come, whatever asks", async () => {
    for (const seed of [1, 2, 3, 4]) {
      const { answer: plain } = await write(undefined, { ...unjudged, seed });
      const { answer: asked } = await write(() => true, { ...unjudged, seed });
      expect({ ...asked, meter: asked.meter.cost }).toEqual({ ...plain, meter: plain.meter.cost });
    }
  });

  it("is never out as a whole where it grows in steps", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 12 }), fc.boolean(), async (seed, maxCheckGap, isValid) => {
        const { answer, released } = await write(() => isValid, { ...unjudged, seed, maxCheckGap, inSteps: true, maxTokens: 60 }, LISTER);
        expect(released).toBe(answer.text);
        if (answer.finishReason === "stop") expect(isValid && Array.isArray(JSON.parse(answer.text))).toBe(true);
        else expect(() => JSON.parse(answer.text)).toThrow();
      }),
      { numRuns: 60 },
    );
  });
});
