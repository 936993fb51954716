import { type Fitness, isFit } from "../../core/index.ts";

/** Which judge decided, and how well it is known to judge. JSON, and no longer for a long answer. */
export interface JudgeMetadata {
  /** Whether it may judge. Where it is unfit, nobody has judged. One that was never measured counts as fit. */
  readonly isFit: boolean;
  /** The judging model, where that is another one than the writing one. */
  readonly model?: string;
  /** How it is asked or read. This and what follows is missing where it was never measured. */
  readonly name?: string;
  /** How well it tells good from bad labelled answers: 0.5 is guessing, 1 is perfect. */
  readonly auroc?: number;
  /** The 95 % interval of `auroc`. */
  readonly low?: number;
  readonly high?: number;
  /** Labelled answers that it was measured on. */
  readonly n?: number;
}

export function judgeMetadata(fitness: Fitness | undefined, model?: string): JudgeMetadata {
  const named = model === undefined ? {} : { model: short(model) };
  if (fitness === undefined) return { isFit: true, ...named };
  const { judge, auroc, low, high, n } = fitness;
  return { isFit: isFit({ fitness }), ...named, name: short(judge), auroc, low, high, n };
}

const LONGEST_NAME = 100;

function short(name: string): string {
  return name.slice(0, LONGEST_NAME);
}
