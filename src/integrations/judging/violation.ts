/** Where no draft passes. */
import { RainError } from "../../core/index.ts";
import type { Stage } from "./events.ts";

/** Nothing that was written passed the judge, or what came in did not. It holds no text: what was judged bad is not passed on. */
export class RainViolationError extends RainError {
  readonly stage: Stage;
  /** Name of the principle by which it was judged. */
  readonly principle: string;
  /** The best value that was found: -1 (bad) to 1 (good). */
  readonly value: number;
  /** How often a draft was left for another one. */
  readonly rewinds: number;

  constructor(
    stage: Stage,
    found: { readonly principle: string; readonly threshold: number; readonly value: number; readonly rewinds: number },
  ) {
    const { principle, threshold, value, rewinds } = found;
    super(
      `Expected the ${NAMES[stage]} to be judged ${threshold} or better by "${principle}", got ${value.toFixed(2)} at best after ${rewinds} rewinds`,
    );
    this.stage = stage;
    this.principle = principle;
    this.value = value;
    this.rewinds = rewinds;
  }
}

const NAMES = { input: "input", output: "answer", tool_result: "tool's result" } as const satisfies Readonly<Record<Stage, string>>;
