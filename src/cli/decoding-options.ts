import type { Command } from "commander";
import { z } from "zod";
import {
  checkOptions,
  DEFAULTS,
  JUDGINGS,
  type Judging,
  MODES,
  type Mode,
  ON_UNFIT,
  type OnUnfit,
  PROMPTINGS,
  type Prompting,
  type PromptingOptions,
  type RainOptions,
  URIAL_LAYOUTS,
  type UrialLayout,
} from "../core/index.ts";
import { addEngineOptions, type EngineFlags } from "./engine-options.ts";
import { UsageError } from "./failure.ts";
import { checkFlags, choiceOption, numberOption, shareOption } from "./flags.ts";
import { addJudgeModelOption, type JudgeModelFlag } from "./judge-model.ts";
import { findPrinciple } from "./principle-file.ts";
import { readDataFile } from "./read-data.ts";

/** What `ask` and `chat` have in common. */
export interface DecodingFlags extends EngineFlags, JudgeModelFlag {
  readonly mode?: Mode;
  readonly principle?: string;
  readonly judging?: Judging;
  readonly falseFlags?: number;
  readonly onUnfit?: OnUnfit;
  readonly prompting?: Prompting;
  readonly urialExamples?: string;
  readonly urialLayout?: UrialLayout;
  readonly seed?: number;
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly quiet?: boolean;
}

export function addJudgingOption(command: Command): Command {
  const description = "auto: fitted on labelled answers (docs/judge.md); in-place or preamble: asked by letters, there or behind examples";
  return command.addOption(choiceOption("--judging <way>", `${description} (default: "${DEFAULTS.judging}")`, JUDGINGS));
}

export function addDecodingOptions(command: Command): Command {
  const mode = choiceOption("--mode <mode>", `one of ${MODES.join(", ")} (default: "${DEFAULTS.mode}")`, MODES);
  return addSamplingOptions(addJudgeModelOption(addEngineOptions(command).addOption(mode)));
}

/** How an answer is written, in whatever mode. */
export function addSamplingOptions(command: Command): Command {
  return addJudgingOption(command)
    .addOption(
      shareOption(
        "--false-flags <share>",
        "good answers that a fitted judge may flag, such as 5% or 0.05; a flag costs a search (default: 5%)",
      ),
    )
    .addOption(
      choiceOption("--on-unfit <way>", `where the judge is no fit one: ${ON_UNFIT.join(", ")} (default: "${DEFAULTS.onUnfit}")`, ON_UNFIT),
    )
    .option("--principle <name|file>", `what the judge judges: a name, or a YAML or JSON file (default: "${DEFAULTS.principle.name}")`)
    .addOption(choiceOption("--prompting <way>", 'auto, chat, or urial: examples first, for base models (default: "auto")', PROMPTINGS))
    .option("--urial-examples <n|file>", `0, 1, 3 or 8, or a JSON or YAML list of {query, answer} (default: ${DEFAULTS.urialExamples})`)
    .addOption(
      choiceOption("--urial-layout <layout>", `where the fences stand: ${URIAL_LAYOUTS.join(", ")} (default: "lines")`, URIAL_LAYOUTS),
    )
    .addOption(numberOption("--seed <n>", `the same seed gives the same text (default: ${DEFAULTS.seed})`))
    .addOption(numberOption("--max-tokens <n>", `longest answer, in tokens (default: ${DEFAULTS.maxTokens})`))
    .addOption(numberOption("--temperature <t>", `0 is greedy, above 1 is wilder (default: ${DEFAULTS.temperature})`))
    .addOption(numberOption("--top-k <k>", `draw from this many likeliest tokens (default: ${DEFAULTS.topK})`))
    .addOption(numberOption("--top-p <p>", `... and of those from the fewest that reach this probability (default: ${DEFAULTS.topP})`))
    .option("--quiet", "nothing but the answer and errors");
}

/** The flags as options of the core, checked: a mistake is found before a model is loaded. */
export async function readDecodingOptions(flags: DecodingFlags): Promise<RainOptions> {
  const { mode, judging, falseFlags, onUnfit, prompting, urialLayout, seed, maxTokens, temperature, topK, topP } = flags;
  const principle = flags.principle === undefined ? undefined : await findPrinciple(flags.principle);
  const urialExamples = flags.urialExamples === undefined ? undefined : await findExamples(flags.urialExamples);
  const judged = { mode, principle, judging, falseFlags, onUnfit };
  const decoding = { ...judged, prompting, urialExamples, urialLayout, seed, maxTokens, temperature, topK, topP };
  const given = Object.entries(decoding).filter(([, value]) => value !== undefined);
  const options = Object.fromEntries(given) as RainOptions;
  checkFlags(() => checkOptions(options));
  if (flags.judgeModel !== undefined && mode === "vanilla")
    throw new UsageError("Expected a judged mode for `--judge-model`, got `vanilla`");
  return options;
}

const text = z.string().trim().min(1);
const examplesFile = z.array(z.strictObject({ query: text, answer: text }));

/** A number of built-in examples, which is checked with the other options, or one's own from a YAML or JSON file. */
async function findExamples(countOrFile: string): Promise<NonNullable<PromptingOptions["urialExamples"]>> {
  if (/^\d+$/.test(countOrFile)) return Number(countOrFile) as 0 | 1 | 3 | 8;
  const { data, error } = examplesFile.safeParse(await readDataFile(countOrFile));
  if (error === undefined) return data;
  const [issue] = error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "" : ` at \`${issue.path.join(".")}\``;
  throw new UsageError(`Expected \`${countOrFile}\` to be a list of {"query", "answer"}, got: ${issue?.message}${where}`);
}
