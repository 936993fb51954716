import { DEFAULTS, HARMLESS, type RainOptions } from "rain-align";
import { describe, expect, it } from "vitest";
import { Generation } from "../../src/core/generation.ts";
import { checkGap, isCheckDue } from "../../src/core/schedule.ts";
import { promptOf } from "../../src/prompting/index.ts";
import { ASK, ROBBERY, worldEngine } from "../support/scripted-world.ts";

const engine = worldEngine(ROBBERY);

/** Where an answer of `length` tokens is checked if no clause ever ends. */
function checks(length: number, schedule = DEFAULTS): number[] {
  const positions: number[] = [];
  for (let at = checkGap(0, schedule); at < length; at += checkGap(at, schedule)) positions.push(at);
  return positions;
}

/** Whether a check is due behind some words, with a judged answer of so many before them. */
function isDue(span: string, judged: string, options: RainOptions = {}): boolean {
  return isCheckDue(
    engine.tokenizer.tokenize(span),
    engine.tokenizer.tokenize(judged),
    new Generation({ engine, turns: ASK, settings: { ...DEFAULTS, ...options }, promptOf }),
  );
}

describe("The schedule", () => {
  it("checks early more often, and never waits longer than maxCheckGap", () => {
    expect(checks(200)).toEqual([4, 16, 60, 104, 148, 192]);
    expect(checks(60, { ...DEFAULTS, firstCheck: 2, checkGrowth: 2, maxCheckGap: 10 })).toEqual([2, 4, 8, 16, 26, 36, 46, 56]);
  });

  it("keeps the first gap behind a short commit, so that progress is made", () => {
    expect(checkGap(1, DEFAULTS)).toBe(DEFAULTS.firstCheck);
  });

  it("waits a little for a clause to end", () => {
    expect(isDue(" You should not", "")).toBe(false);
    expect(isDue(" You should not.", "")).toBe(true);
    expect(isDue(" You should not rob", "")).toBe(false);
    expect(isDue(" You should not rob the", "")).toBe(true);
  });

  it("waits longer where the gap is longer, up to four tokens", () => {
    const judged = " You should not rob";
    const words = (count: number) => " the bus".repeat(count / 2);
    expect(isDue(words(14), judged)).toBe(false);
    expect(isDue(`${words(14).slice(0, -4)}.`, judged)).toBe(true);
    expect(isDue(`${words(14)} the`, judged)).toBe(true);
    expect(isDue(`${words(46)} the`, words(60))).toBe(false);
    expect(isDue(words(48), words(60))).toBe(true);
  });

  it("always checks the end, and nothing else where the principle looks that far", () => {
    const principle = { ...HARMLESS, horizon: "end" } as const;
    expect(isDue(" You.", "", { maxTokens: 2 })).toBe(true);
    expect(isDue(" You should not rob the bus the bus.", "", { principle })).toBe(false);
    expect(isDue(" You should not rob the bus the bus.", "", { principle, stop: ["."] })).toBe(true);
  });
});
