import { type Engine, type Fitness, isFit, unfitNotice } from "../../core/index.ts";
import { tell } from "./notice.ts";

/** By engine, which all chat models of a process share: the principles of which it was said that it judges badly by them. */
const TOLD = new WeakMap<Engine, Set<string>>();

/** Tells once for each engine and principle that its judge is unfit, and what to do. */
export function noticeUnfitJudge(engine: Engine, fitness: Fitness | undefined, onNotice: ((notice: string) => void) | undefined): void {
  if (onNotice === undefined || fitness === undefined || isFit({ fitness })) return;
  const told = TOLD.get(engine) ?? new Set();
  TOLD.set(engine, told);
  if (told.has(fitness.principle)) return;
  told.add(fitness.principle);
  tell(onNotice, unfitNotice(fitness, engine.facts.model));
}
