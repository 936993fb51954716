import {
  checkOptions,
  type Engine,
  type FindJudge,
  type Fitness,
  type FoundJudge,
  isFit,
  type RainOptions,
  UNFIT_BELOW,
  unfitNotice,
} from "../core/index.ts";
import { judgeBy } from "../judges/another-model.ts";
import { ASKED_NAME } from "../judges/index.ts";
import { withPrompting } from "../prompting/index.ts";
import { warn } from "./terminal.ts";

export interface JudgeSearch {
  readonly engine: Engine;
  /** Another model that judges. */
  readonly judgeEngine?: Engine | undefined;
  /** As for the answer. */
  readonly options: RainOptions;
}

/** The judge of an answer, by the name that people read, and the options that name it. */
export interface NamedJudge {
  readonly name: string;
  readonly fitness: Fitness | undefined;
  /** Options that ask this very judge. */
  readonly options: RainOptions;
}

/**
 * Finds the judge before an answer is written: what is read to learn how a model judges is no part of the answer's time. May read labelled answers for it,
 * once. `undefined` in `vanilla` mode, where nobody judges.
 */
export async function findJudge({ engine, judgeEngine, options }: JudgeSearch): Promise<NamedJudge | undefined> {
  const settings = withPrompting(engine, checkOptions(options));
  if (settings.mode === "vanilla") return undefined;
  const find = finder(engine, judgeEngine, settings.judging);
  if (find === undefined)
    return { name: LETTERED[`${settings.mode === "adaptive" && settings.judging === "in-place"}`], fitness: undefined, options };
  const found = await find(engine, settings);
  const name = settings.mode === "paper" && judgeEngine === undefined ? LETTERED.false : nameOf(found, judgeEngine);
  const fitness = found.fitness && { ...found.fitness, judge: name };
  return { name, fitness, options: { ...options, judge: () => ({ ...found, fitness }) } };
}

/** How the judge is found; `undefined`: the model is asked by letters. */
export function finder(engine: Engine, judgeEngine: Engine | undefined, judging: RainOptions["judging"] = "auto"): FindJudge | undefined {
  if (judgeEngine !== undefined) return judgeBy(judgeEngine);
  return judging === "auto" ? engine.findJudge : undefined;
}

const LETTERED = { true: "asked by letters in place", false: "asked by letters behind examples" } as const;

function nameOf({ fitness }: FoundJudge, judgeEngine: Engine | undefined): string {
  if (judgeEngine === undefined) return fitness?.judge ?? ASKED_NAME;
  const { model } = judgeEngine.facts;
  return fitness === undefined ? model : `${model}, ${fitness.judge}`;
}

/** Says on standard error that a judge is unfit, once and before anything is written. Where the answer fails of it, that error says so. */
export function warnIfUnfit(judge: NamedJudge | undefined, { engine, judgeEngine, options }: JudgeSearch): void {
  const line = judge === undefined ? undefined : unfitLine(judge.fitness, engine.facts.model, judgeEngine);
  if (line !== undefined && options.onUnfit !== "error") warn(`${line} ${CONSEQUENCES[options.onUnfit ?? "plain"]}`);
}

const CONSEQUENCES = { plain: "Until then answers are written unjudged.", refuse: "Until then every answer is a refusal." } as const;

/** Why a judge is no fit one, and what to do; `undefined` where it is fit, or was never measured. */
export function unfitLine(fitness: Fitness | undefined, model: string, judgeEngine?: Engine): string | undefined {
  if (fitness === undefined || isFit({ fitness })) return undefined;
  if (judgeEngine === undefined) return unfitNotice(fitness, model);
  const { judge, principle, n } = fitness;
  return `${judge} is no fit judge of what ${model} writes by "${principle}": ${figureOf(fitness)} on ${n} labelled answers, where guessing gets 0.50 and ${UNFIT_BELOW.toFixed(2)} is the least. Take another judge (\`--judge-model\`), or none but the model itself.`;
}

/** `AUROC 0.91 (0.87-0.94)`. What is below the bound must not read as if it reached it. */
export function figureOf({ auroc, low, high }: Pick<Fitness, "auroc" | "low" | "high">): string {
  const shown = auroc < UNFIT_BELOW ? Math.min(auroc, UNFIT_BELOW - 0.01) : auroc;
  return `AUROC ${shown.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`;
}
