import { JudgeError, OptionError, RainError } from "rain-align";
import { describe, expect, it } from "vitest";

describe("An error of this package", () => {
  const judge = new JudgeError("harmless", "Expected a verdict, got none");
  const wrapped = new Error("Middleware failed", { cause: new Error("Node failed", { cause: judge }) });

  it("is recognised as its own class and as one of the package's", () => {
    expect([JudgeError.isInstance(judge), RainError.isInstance(judge), OptionError.isInstance(judge)]).toEqual([true, true, false]);
  });

  it("is recognised among the causes of what a framework wrapped it in, and found there with its data", () => {
    expect([JudgeError.isInstance(wrapped), RainError.isInstance(wrapped), OptionError.isInstance(wrapped)]).toEqual([true, true, false]);
    expect(JudgeError.findIn(wrapped)?.principle).toBe("harmless");
    expect(OptionError.findIn(wrapped)).toBeUndefined();
  });

  it.each([undefined, null, "harmless", new Error("other"), { cause: judge }])("is not seen in %s", (other) => {
    expect(RainError.isInstance(other)).toBe(false);
  });

  it("does not search in a circle for ever", () => {
    const circle = new Error("circle");
    circle.cause = new Error("back", { cause: circle });
    expect(RainError.isInstance(circle)).toBe(false);
  });
});
