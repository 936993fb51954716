import { checkOptions, DEFAULTS, OptionError, PRESETS, type Preset, TRUTHFUL } from "rain-align";
import { describe, expect, it } from "vitest";

/** Nobody has said when to check. */
const UNSCHEDULED = { scheduleGiven: {} };

describe("Options:", () => {
  it("what is left out, or undefined, is filled in from the table of defaults", () => {
    expect(checkOptions()).toEqual({ ...DEFAULTS, ...UNSCHEDULED });
    expect(checkOptions({ seed: undefined, principle: TRUTHFUL } as object)).toEqual({
      ...DEFAULTS,
      ...UNSCHEDULED,
      principle: TRUTHFUL,
    });
  });

  it("the defaults keep their own rules", () => {
    expect(checkOptions(DEFAULTS)).toMatchObject(DEFAULTS);
  });

  it("a preset sets what is left out, and what is given wins over it", () => {
    expect(checkOptions({ preset: "strict" })).toEqual({ ...DEFAULTS, ...PRESETS.strict, ...UNSCHEDULED, preset: "strict" });
    expect(checkOptions({ preset: "strict", heldBack: 7 }).heldBack).toBe(7);
    expect(checkOptions({ preset: "balanced" })).toEqual({ ...DEFAULTS, ...UNSCHEDULED });
  });

  it.each(Object.keys(PRESETS))("the preset %s keeps the rules of its options", (preset) => {
    expect(() => checkOptions({ ...PRESETS[preset as Preset] })).not.toThrow();
  });

  it("a complaint says what was expected and what was given", () => {
    expect(() => checkOptions({ minVisits: 0 })).toThrow("Expected `minVisits` to be a positive integer, got `0` (number)");
    expect(() => checkOptions({ mode: "fast" } as object)).toThrow(
      "Expected `mode` to be one of `adaptive`, `paper`, `vanilla`, `best-of-n`, got `fast` (string)",
    );
  });

  it("an unknown name is refused with a guess at the known one", () => {
    expect(() => checkOptions({ maxtokens: 3 } as object)).toThrow("Expected known options, got `maxtokens` (did you mean `maxTokens`?)");
    expect(() => checkOptions({ toString: 3 } as object)).toThrow(OptionError);
  });

  it.each(["outputConfig", "n", "principal_component_analysis"])(
    "of an unknown name that is like no other, no other is named: %s",
    (name) => {
      expect(() => checkOptions({ [name]: 3 } as object)).toThrow(new OptionError(name, `Expected known options, got \`${name}\``, 3));
    },
  );

  it("an error carries the option and the value", () => {
    try {
      checkOptions({ topP: 2 });
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ name: "OptionError", option: "topP", received: 2 });
    }
  });

  it.each<[string, unknown]>([
    ["mode", "fast"],
    ["principle", { name: "x" }],
    ["principle", "harmless"],
    ["seed", -2],
    ["seed", 2 ** 32],
    ["seed", 1.5],
    ["maxTokens", 0],
    ["temperature", Number.NaN],
    ["temperature", 11],
    ["topK", 0],
    ["topP", 0],
    ["stop", "###"],
    ["stop", [""]],
    ["signal", {}],
    ["onEvent", 1],
    ["revealDiscarded", 1],
    ["tools", "add"],
    ["tools", [{ name: "add" }]],
    [
      "tools",
      [
        { name: "add", parameters: {} },
        { name: "add", parameters: {} },
      ],
    ],
    ["toolChoice", "some"],
    ["toolChoice", { name: "" }],
    ["parallelCalls", 2],
    ["judgeExamples", -1],
    ["verdict", "maybe"],
    ["preset", "slow"],
    ["threshold", 1.5],
    ["falseFlags", 0],
    ["falseFlags", 0.6],
    ["falseFlags", Number.NaN],
    ["judge", {}],
    ["onUnfit", "warn"],
    ["judging", "apart"],
    ["doubtMargin", 3],
    ["firstCheck", 0],
    ["checkGrowth", 1.5],
    ["checkGrowth", Number.POSITIVE_INFINITY],
    ["maxCheckGap", 0],
    ["candidates", 0],
    ["retries", -1],
    ["searchBudget", 0.5],
    ["exploreTemperature", 11],
    ["heldBack", -1],
    ["heldBack", Number.NaN],
    ["onExhausted", "stop"],
    ["refusal", " "],
    ["judgeSignal", AbortSignal.abort()],
    ["cPuct", -1],
    ["cPuct", Number.POSITIVE_INFINITY],
    ["similarityShare", 1.1],
    ["similarityThreshold", -2],
    ["maxIterations", 0],
    ["carriedIterations", "15"],
    ["minVisits", null],
    ["valueThreshold", 2],
    ["tokenSetLengths", []],
    ["tokenSetLengths", [1, 0]],
    ["children", 0],
    ["childTopK", 0],
    ["childTemperature", -1],
    ["additionVariance", -1],
    ["additionValue", -1.5],
    ["additionMaxChildren", -1],
    ["additionDraws", 0],
    ["rootSmoothing", 2],
    ["maxSimulationTokens", 0],
    ["embed", "hash"],
    ["bestOf", 0],
  ])("%s does not take %j", (name, value) => {
    expect(() => checkOptions({ [name]: value } as object)).toThrow(OptionError);
  });

  it("options that are no object are refused", () => {
    expect(() => checkOptions([] as object)).toThrow("Expected `options` to be an object");
  });
});
