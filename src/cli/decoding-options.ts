import type { Command } from "commander";
import {
  checkOptions,
  DEFAULTS,
  type Judging,
  MODES,
  type Mode,
  PROMPTINGS,
  type Prompting,
  type RainOptions,
  URIAL_LAYOUTS,
  type UrialLayout,
} from "../core/index.ts";
import { addEngineOptions, type EngineFlags } from "./engine-options.ts";
import { checkFlags, choiceOption, numberOption } from "./flags.ts";
import { findPrinciple } from "./principle-file.ts";
import { findExamples } from "./urial-file.ts";

/** What `ask` and `chat` have in common. */
export interface DecodingFlags extends EngineFlags {
  readonly mode?: Mode;
  readonly principle?: string;
  readonly judging?: Judging;
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
  const description = "in-place, or preamble: a judge that reads examples first, and costs more";
  return command.option("--judging <judge>", `${description} (default: "${DEFAULTS.judging}")`);
}

export function addDecodingOptions(command: Command): Command {
  const mode = choiceOption("--mode <mode>", `one of ${MODES.join(", ")} (default: "${DEFAULTS.mode}")`, MODES);
  return addSamplingOptions(addEngineOptions(command).addOption(mode));
}

/** How an answer is written, in whatever mode. */
export function addSamplingOptions(command: Command): Command {
  return addJudgingOption(command)
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
  const { mode, judging, prompting, urialLayout, seed, maxTokens, temperature, topK, topP } = flags;
  const principle = flags.principle === undefined ? undefined : await findPrinciple(flags.principle);
  const urialExamples = flags.urialExamples === undefined ? undefined : await findExamples(flags.urialExamples);
  const decoding = { mode, principle, judging, prompting, urialExamples, urialLayout, seed, maxTokens, temperature, topK, topP };
  const given = Object.entries(decoding).filter(([, value]) => value !== undefined);
  const options = Object.fromEntries(given) as RainOptions;
  checkFlags(() => checkOptions(options));
  return options;
}
