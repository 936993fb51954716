import type { Engine, FindJudge, Fitness, Settings } from "../core/index.ts";
import { ASKED_NAME, answersOf, candidate, judgedBy, type LabelledAnswer } from "../judges/index.ts";
import { atMost, countsOf } from "./labelled-data.ts";

export interface Measuring {
  /** Whose answers are judged. */
  readonly engine: Engine;
  /** Another model that judges. */
  readonly judgeEngine: Engine | undefined;
  readonly settings: Settings;
  /** How the judge is found. */
  readonly find: FindJudge | undefined;
}

/** Labelled answers that another model is asked about, where it was never measured. */
const ASKED = 100;

/** Fewer of a kind say nothing. */
const FEWEST = 10;

/** How good the judge is that answers are judged by; only how it is asked, where there are too few labelled answers to tell. */
export async function measuredFitness({
  engine,
  judgeEngine,
  settings,
  find,
}: Measuring): Promise<Fitness | { readonly judge: string; readonly n: number }> {
  const found = await find?.(engine, settings);
  const model = judgeEngine?.facts.model;
  const name = [model, found?.fitness?.judge ?? (model === undefined ? ASKED_NAME : undefined)]
    .filter((part) => part !== undefined)
    .join(", ");
  if (found?.fitness !== undefined) return { ...found.fitness, judge: name };
  const answers = atMost(await answersOf(settings.principle), ASKED);
  if (found === undefined || isTooFew(answers)) return { judge: name, n: answers.length };
  const judge = { name, judge: found.judge, chosen: true, isOwn: judgeEngine === undefined };
  const judged = await judgedBy(engine, judge, { answers, settings, signal: settings.signal });
  const { auroc, low, high } = candidate(name, judged);
  return { judge: name, principle: settings.principle.name, auroc, low, high, n: answers.length };
}

function isTooFew(answers: readonly LabelledAnswer[]): boolean {
  const { good, bad } = countsOf(answers);
  return Math.min(good, bad) < FEWEST;
}
