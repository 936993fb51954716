import fc from "fast-check";
import { type JsonFormat, MODES, OptionError, type RainOptions, rain } from "rain-align";
import { describe, expect, it } from "vitest";
import { END } from "../support/scripted-engine.ts";
import { ASK, type World, worldEngine } from "../support/scripted-world.ts";

const NUMBER: JsonFormat = { type: "json", schema: { enum: [11, 12, 13, 14] } };

/** Finds every answer good. */
const COUNTER: World = {
  pieces: ["11", "12", "13", "14"],
  goOn: (answer) => (answer === "" ? { "11": 6, "12": 1, "13": 1, "14": 1 } : { [END]: 1 }),
  goodness: () => 0.97,
};

/** @returns the answer, and all that was released on the way */
async function write(isValid: JsonFormat["isValid"], options: RainOptions = {}, world: World = COUNTER) {
  const format = { ...NUMBER, ...(isValid === undefined ? {} : { isValid }) };
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

  it("is never released, whatever is valid, in however many steps", async () => {
    await fc.assert(
      fc.asyncProperty(fc.subarray(["11", "12", "13", "14"]), fc.nat(), fc.boolean(), async (valid, seed, isLate) => {
        const isValid = (text: string) => (isLate ? Promise.resolve(valid.includes(text)) : valid.includes(text));
        const { answer, released } = await write(isValid, { seed });
        expect(released).toBe(answer.text);
        expect(answer.finishReason === "content_filter" || valid.includes(answer.text), answer.text).toBe(true);
      }),
      { numRuns: 60 },
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

  it("is refused where none is found that is valid", async () => {
    const { answer, released } = await write(() => false);
    expect(answer.finishReason).toBe("content_filter");
    expect(released).toBe("I am sorry, but I cannot help with that.");
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

  it("of nothing that nobody judges: plain answers are as they come", async () => {
    const { answer } = await write(() => false, { mode: "vanilla" });
    expect(answer.finishReason).toBe("stop");
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
