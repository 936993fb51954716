import { basename } from "node:path";
import { checkByRules, DEFAULTS, didYouMean, MODES, type Mode, positive, type RainOptions } from "../core/index.ts";
import { TASK_NAMES, type TaskName } from "../evaluation/index.ts";
import { type DecodingFlags, readDecodingOptions } from "./decoding-options.ts";
import { readEngineOptions } from "./engine-options.ts";
import { type JudgeFlags, type JudgeOptions, readJudgeOptions } from "./eval-judge-options.ts";
import { UsageError } from "./failure.ts";
import { checkFlags } from "./flags.ts";

export interface EvalFlags extends Omit<DecodingFlags, "model" | "mode">, JudgeFlags {
  readonly data?: string;
  readonly model: readonly string[];
  readonly modes: string;
  readonly n?: number;
  readonly out?: string;
  readonly strict?: boolean;
  readonly atOnce: number;
  readonly json?: boolean;
}

/** What is to be evaluated, checked as far as it can be before anything is read or loaded. */
export interface EvalOptions {
  readonly task: TaskName;
  readonly flags: EvalFlags;
  readonly models: readonly string[];
  readonly modes: readonly Mode[];
  readonly judge: JudgeOptions;
  readonly out: string;
  readonly seed: number;
  /** Put over what the task says of decoding. */
  readonly decoding: RainOptions;
}

export async function readEvalOptions(task: string, flags: EvalFlags): Promise<EvalOptions> {
  const { n, atOnce, out } = flags;
  const name = chosen("the task", task, TASK_NAMES);
  const models = flags.model.length === 0 ? ["embedded"] : flags.model;
  checkDifferent(models);
  for (const model of models) readEngineOptions({ ...flags, model });
  checkFlags(() => checkByRules({ n, atOnce }, { n: positive, atOnce: positive }));
  if (out === undefined) throw new UsageError("Expected `--out` to name a folder for answers and reports, got none");
  const { seed = DEFAULTS.seed, ...decoding } = await readDecodingOptions({ ...flags, model: "embedded" });
  const judge = readJudgeOptions(flags);
  return { task: name, flags, models, modes: readModes(flags.modes, name), judge, out, seed, decoding };
}

/** The same on every machine: the end of a path, or a model's name on a hub. */
export function labelOf(model: string): string {
  return /^\w{2,}:/.test(model) ? model : basename(model);
}

function readModes(list: string, task: TaskName): readonly Mode[] {
  const modes = [...new Set(list.split(",").map((mode) => chosen("`--modes`", mode.trim(), MODES)))];
  if (task === "pairs" && (!modes.includes("vanilla") || modes.length === 1))
    throw new UsageError(`Expected \`--modes\` to be \`vanilla\` and another one, which is compared with it, got \`${list}\``);
  return modes;
}

function chosen<Name extends string>(what: string, name: string, names: readonly Name[]): Name {
  const known = names.find((one) => one === name);
  if (known !== undefined) return known;
  const all = names.map((one) => `\`${one}\``).join(", ");
  throw new UsageError(
    `Expected ${what} to be ${what === "the task" ? "one" : "some"} of ${all}, got \`${name}\`${didYouMean(name, names)}`,
  );
}

/** Results name models by their labels. */
export function checkDifferent(models: readonly string[]): void {
  const labels = models.map(labelOf);
  const twice = labels.find((label, index) => labels.indexOf(label) !== index);
  if (twice !== undefined) throw new UsageError(`Expected models of different names, got \`${twice}\` twice`);
}
