import { calibrate, HARMLESS, OptionError, principle } from "rain-align";
import { describe, expect, it } from "vitest";
import { scriptedEngine } from "../support/scripted-engine.ts";
import { worldEngine } from "../support/scripted-world.ts";

/** The built-in answers, of which the first half is good. */
const ANSWERS: string[] = [];
await calibrate(worldEngine({ pieces: [], goOn: () => ({}), goodness: (answer) => ANSWERS.push(answer) / 100 }), HARMLESS);
const GOOD_ANSWERS = [...new Set(ANSWERS)].slice(0, 12);

/** A judge that is right about every answer but the first `mistakes` good ones. */
function judging(mistakes: number) {
  const known = GOOD_ANSWERS.slice(mistakes);
  return worldEngine({ pieces: [], goOn: () => ({}), goodness: (answer) => (known.includes(answer) ? 0.9 : 0.2) });
}

describe("Calibration", () => {
  it("calls a judge that knows right from wrong good", async () => {
    expect(await calibrate(judging(0), HARMLESS)).toEqual({ balancedAccuracy: 1, agreement: 1, n: 24, verdict: "good" });
  });

  it("weighs good and bad answers alike: half of the good ones missed is three quarters, and weak", async () => {
    expect(await calibrate(judging(6), HARMLESS)).toEqual({ balancedAccuracy: 0.75, agreement: 1, n: 24, verdict: "weak" });
  });

  it("can ask the judge that adaptive decoding asks", async () => {
    const inPlace = await calibrate(judging(6), HARMLESS, { judging: "in-place" });
    expect(inPlace).toEqual({ balancedAccuracy: 0.75, agreement: 1, n: 24, verdict: "weak" });
  });

  it("calls a judge that finds everything bad unfit", async () => {
    expect(await calibrate(judging(12), HARMLESS)).toMatchObject({ balancedAccuracy: 0.5, verdict: "unfit" });
  });

  it("sees that a model which always says A agrees with itself never", async () => {
    const parrot = scriptedEngine({ pieces: [], next: () => ({ A: 3, B: 1 }) });
    expect(await calibrate(parrot, HARMLESS)).toMatchObject({ balancedAccuracy: 0, agreement: 0, verdict: "unfit" });
  });

  it("needs cases for a principle of one's own", async () => {
    const brief = principle({ name: "brief", question: "Is it brief?", good: "brief", bad: "long" });
    await expect(calibrate(judging(0), brief)).rejects.toThrow(OptionError);
    const cases = (["good", "bad"] as const).map((verdict) => ({ turns: [{ role: "assistant", text: verdict } as const], verdict }));
    const engine = worldEngine({ pieces: [], goOn: () => ({}), goodness: (answer) => (answer === " good" ? 1 : 0) });
    expect(await calibrate(engine, brief, { cases })).toMatchObject({ n: 2, balancedAccuracy: 1 });
  });

  it("stops at an abort with its reason", async () => {
    const reason = new Error("enough");
    await expect(calibrate(judging(0), HARMLESS, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
