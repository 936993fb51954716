import type { Engine, FindJudge, Fitness } from "../../src/core/index.ts";
import { letterJudge } from "../../src/judges/index.ts";
import { watchedEngine } from "./watched-engine.ts";

/** What is said to be known of a judge. */
export function fitnessOf(auroc: number, changes: Partial<Fitness> = {}): Fitness {
  return {
    judge: "by letters, measured",
    principle: "harmless",
    auroc,
    low: hundredths(auroc - 0.05),
    high: hundredths(auroc + 0.05),
    n: 200,
    ...changes,
  };
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

export interface MeasuredEngine {
  readonly engine: Engine;
  /** Principles by which its judge was looked for, in that order. */
  readonly found: string[];
}

/** The same engine, whose judge by letters was measured by every principle: to this AUROC, or as it is said for each. */
export function measuredEngine(
  engine: Engine,
  auroc: number | ((principle: string) => number),
  find: FindJudge = letterJudge,
): MeasuredEngine {
  const found: string[] = [];
  const findJudge: FindJudge = async (asked, settings) => {
    const { name } = settings.principle;
    found.push(name);
    const value = typeof auroc === "number" ? auroc : auroc(name);
    return { ...(await find(asked, settings)), fitness: fitnessOf(value, { principle: name }) };
  };
  const watched = watchedEngine(engine, () => undefined);
  return { engine: { ...watched, findJudge }, found };
}
