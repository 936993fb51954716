import { Meter } from "rain-align";
import { describe, expect, it } from "vitest";

describe("The meter", () => {
  it("gives the cost per emitted token, leaving the first reading of the prompt out", () => {
    const meter = new Meter();
    meter.record("prompt", 500, 1);
    meter.record("draft", 10, 10);
    meter.record("expand", 40, 4);
    meter.record("evaluate", 30, 1);
    meter.evaluations = 5;
    meter.emitted = 10;
    expect(meter.forward).toBe(80);
    expect(meter.cost).toEqual({ fpe: 8, spe: 1.5, epe: 0.5 });
  });

  it("does not divide by zero before anything was emitted", () => {
    const meter = new Meter();
    meter.record("draft", 3, 3);
    expect(meter.cost.fpe).toBe(3);
  });
});
