import { type Command, Option } from "commander";
import { checkOptions, DEFAULTS, type Judging, MODES, type Mode, nearest, OptionError, type RainOptions } from "../core/index.ts";
import { UsageError } from "./failure.ts";
import { findPrinciple } from "./principle-file.ts";

/** What `ask` and `chat` have in common. */
export interface DecodingFlags {
  readonly mode?: Mode;
  readonly model: string;
  readonly principle?: string;
  readonly judging?: Judging;
  readonly seed?: number;
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly quiet?: boolean;
}

export function addModelOption(command: Command): Command {
  return command.option("--model <model>", "a GGUF file, hf:owner/repo:quant, or the model that comes with the package", "embedded");
}

export function addJudgingOption(command: Command): Command {
  const description = "in-place, or preamble: a judge that reads examples first, and costs more";
  return command.option("--judging <judge>", `${description} (default: "${DEFAULTS.judging}")`);
}

export function addDecodingOptions(command: Command): Command {
  return addJudgingOption(addModelOption(command))
    .addOption(new Option("--mode <mode>", `one of ${MODES.join(", ")} (default: "${DEFAULTS.mode}")`).argParser(parseMode))
    .option("--principle <name|file>", `what the judge judges: a name, or a YAML or JSON file (default: "${DEFAULTS.principle.name}")`)
    .addOption(numberOption("--seed <n>", "the same seed gives the same text", DEFAULTS.seed))
    .addOption(numberOption("--max-tokens <n>", "longest answer, in tokens", DEFAULTS.maxTokens))
    .addOption(numberOption("--temperature <t>", "0 is greedy, above 1 is wilder", DEFAULTS.temperature))
    .addOption(numberOption("--top-k <k>", "draw from this many likeliest tokens", DEFAULTS.topK))
    .addOption(numberOption("--top-p <p>", "... and of those from the fewest that reach this probability", DEFAULTS.topP))
    .option("--quiet", "nothing but the answer and errors");
}

/** The flags as options of the core, checked: a mistake is found before a model is loaded. */
export async function readDecodingOptions(flags: DecodingFlags): Promise<RainOptions> {
  const { mode, judging, seed, maxTokens, temperature, topK, topP } = flags;
  const principle = flags.principle === undefined ? undefined : await findPrinciple(flags.principle);
  const given = Object.entries({ mode, principle, judging, seed, maxTokens, temperature, topK, topP }).filter(
    ([, value]) => value !== undefined,
  );
  const options = Object.fromEntries(given) as RainOptions;
  try {
    checkOptions(options);
  } catch (error) {
    throw error instanceof OptionError ? new UsageError(withFlagName(error), { cause: error }) : error;
  }
  return options;
}

function numberOption(flags: string, description: string, byDefault: number): Option {
  return new Option(flags, `${description} (default: ${byDefault})`).argParser((text) => {
    const number = Number(text);
    if (text.trim() !== "" && !Number.isNaN(number)) return number;
    throw new UsageError(`Expected \`${flags.split(" ")[0]}\` to be a number, got \`${text}\``);
  });
}

function parseMode(text: string): Mode {
  const mode = MODES.find((known) => known === text);
  if (mode !== undefined) return mode;
  const known = MODES.map((name) => `\`${name}\``).join(", ");
  throw new UsageError(`Expected \`--mode\` to be one of ${known}, got \`${text}\` (did you mean \`${nearest(text, MODES)}\`?)`);
}

/** Says `--max-tokens` where the core says `maxTokens`. */
function withFlagName({ message, option }: OptionError): string {
  const flag = option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return message.replace(`\`${option}\``, `\`--${flag}\``);
}
