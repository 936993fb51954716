/** The flags of all commands: how they are read, checked by the tables of the core and the engine, and how complaints name them. */
import { existsSync } from "node:fs";
import { type Command, Option } from "commander";
import {
  checkOptions,
  DEFAULTS,
  didYouMean,
  JUDGINGS,
  MODES,
  ON_UNFIT,
  OptionError,
  PROMPTINGS,
  type RainOptions,
  URIAL_LAYOUTS,
} from "../core/index.ts";
import { CACHE_TYPES, checkLlamaOptions, GPUS, type LlamaEngineOptions } from "../llama.ts";
import { checkRemoteOptions, type RemoteEngineOptions } from "../remote.ts";
import { UsageError } from "./failure.ts";
import { findExamples, findPrinciple } from "./input.ts";

/** A flag whose value is a number, or one of a few words; the range is checked with the other options. */
export function numberOption(flags: string, description: string, words: readonly string[] = []): Option {
  const expected = words.length === 0 ? "a number" : `a number, ${words.map(quoted).join(" or ")}`;
  return new Option(flags, description).argParser((text) => (words.includes(text) ? text : parseNumber(flags, text, expected)));
}

/** A flag whose value is a share, as `5%` or `0.05`. */
function shareOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text) => {
    const [, percent] = /^(.+)%$/.exec(text.trim()) ?? [];
    return parseNumber(flags, percent ?? text, "a share such as `5%` or `0.05`") / (percent === undefined ? 1 : 100);
  });
}

/** A flag whose value is one of a few words. */
export function choiceOption(flags: string, description: string, choices: readonly string[]): Option {
  return new Option(flags, description).argParser((text) => {
    if (choices.includes(text)) return text;
    throw new UsageError(
      `Expected \`${nameOf(flags)}\` to be one of ${choices.map(quoted).join(", ")}, got \`${text}\`${didYouMean(text, choices)}`,
    );
  });
}

/**
 * Runs a check of options; its complaint names `--max-tokens` where the core says `maxTokens`. `named`: the flags that are not
 * named after their option.
 */
export function checkFlags(check: () => unknown, named: Readonly<Record<string, string>> = {}): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    const { message, option } = error;
    throw new UsageError(message.replace(`\`${option}\``, `\`${named[option] ?? flagOf(option)}\``), { cause: error });
  }
}

/** `maxTokens` as it is given: `--max-tokens`. */
export function flagOf(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** A model that another program serves. */
interface ServerFlags {
  readonly engine?: string;
  readonly vocabulary?: string;
  readonly engineKey?: string;
  readonly ahead?: number;
}

/** What every command that loads a model has in common. */
export interface EngineFlags
  extends ServerFlags,
    Pick<LlamaEngineOptions, "gpuLayers" | "sequences" | "threads" | "flashAttention" | "cacheType" | "deterministic"> {
  readonly model: string;
  readonly gpu?: (typeof GPU_CHOICES)[number];
  readonly context?: number;
}

const GPU_CHOICES = GPUS.map((gpu) => (gpu === false ? "none" : gpu));

export const MODEL_DESCRIPTION = "a GGUF file, hf:owner/repo:quant, or the model that comes with the package";

export function addEngineOptions(command: Command): Command {
  return addHardwareOptions(command.option("--model <model>", MODEL_DESCRIPTION, "embedded"));
}

/** How a model is loaded, whichever it is, or where it is served. */
export function addHardwareOptions(command: Command): Command {
  return addDeviceOptions(command)
    .addOption(numberOption("--sequences <n>", "branches that are kept at once (default: up to 16, as memory allows)"))
    .option("--engine <url>", "a server that has loaded the model, in place of --model (docs/servers.md)")
    .option(
      "--vocabulary <model>",
      "its GGUF file or hf:owner/repo:quant, or a folder with its tokenizer.json (default: the file that the server has loaded, if it is here)",
    )
    .option("--engine-key <key>", "sent to it as a bearer token (default: $RAIN_ENGINE_KEY)")
    .addOption(numberOption("--ahead <n>", "tokens that it is asked for at once; more of them for a slow network (default: 1)"));
}

/** The same for a command that decides itself how many sequences it needs. */
export function addDeviceOptions(command: Command): Command {
  return command
    .addOption(choiceOption("--gpu <gpu>", `what computes besides the CPU: ${GPU_CHOICES.join(", ")} (default: "auto")`, GPU_CHOICES))
    .addOption(numberOption("--gpu-layers <n>", 'layers on the GPU: a number, auto or max (default: "auto")', ["auto", "max"]))
    .addOption(numberOption("--context <n>", "longest conversation, in tokens (default: what the model was trained on, as memory allows)"))
    .addOption(numberOption("--threads <n>", "CPU threads (default: measured)"))
    .option("--flash-attention", "use flash attention (default: on a GPU, where it works)")
    .option("--no-flash-attention", "never use it")
    .addOption(choiceOption("--cache-type <type>", `how the cache stores numbers: ${CACHE_TYPES.join(", ")} (default: "F16")`, CACHE_TYPES))
    .option("--deterministic", "the same seed gives the same text in every mode and beside others, more slowly");
}

/** What a command writes with: a model that it loads, or one that is served. */
export type EngineWish = LlamaEngineOptions | RemoteEngineOptions;

/** The flags as options of the engine, checked: a mistake is found before a model is loaded. */
export function readEngineOptions(flags: EngineFlags & JudgeModelFlag): EngineWish {
  if (flags.engine !== undefined) return readServer(flags, flags.engine);
  const serving = SERVING.find((name) => flags[name] !== undefined);
  if (serving !== undefined) throw new UsageError(`Expected \`${flagOf(serving)}\` with \`--engine\`, got it without one`);
  return readLlamaOptions(flags);
}

/** Flags of a model that is served. */
const SERVING = ["vocabulary", "engineKey", "ahead"] as const satisfies readonly (keyof ServerFlags)[];

/** Models that are named one by one, or the one that is served. */
export function readModels({ engine, model }: Pick<EngineFlags, "engine"> & { readonly model: readonly string[] }): readonly string[] {
  if (engine === undefined) return model.length === 0 ? ["embedded"] : model;
  if (model.length > 0) throw twoModels(model[0] as string);
  return [engine];
}

function readServer({ model, vocabulary, engineKey, ahead, ...flags }: EngineFlags & JudgeModelFlag, url: string): RemoteEngineOptions {
  if (model !== "embedded" && model !== url) throw twoModels(model);
  const loading = HARDWARE.find((name) => flags[name] !== undefined && flags.judgeModel === undefined);
  if (loading !== undefined)
    throw new UsageError(`Expected no \`${flagOf(loading)}\` with \`--engine\`, got one (the server decides that)`);
  // A variable is in no list of processes.
  const key = engineKey ?? (process.env["RAIN_ENGINE_KEY"] || undefined);
  const options = { url, vocabulary, key, ahead, contextSize: flags.context };
  checkFlags(() => checkRemoteOptions(options), { url: "--engine", key: "--engine-key", contextSize: "--context" });
  return options;
}

/** Flags of a model that is loaded here. */
const HARDWARE = [
  "gpu",
  "gpuLayers",
  "sequences",
  "threads",
  "flashAttention",
  "cacheType",
  "deterministic",
] as const satisfies readonly (keyof EngineFlags)[];

function twoModels(model: string): UsageError {
  return new UsageError(
    `Expected \`--engine\` or \`--model\`, got both (\`--vocabulary ${model}\` says which vocabulary the server's model has)`,
  );
}

/** The same of a model that is loaded here. `modelFlag`: by which the model was given. */
export function readLlamaOptions(flags: Omit<EngineFlags, keyof ServerFlags>, modelFlag = "--model"): LlamaEngineOptions {
  const { model, gpuLayers, sequences, threads, flashAttention, cacheType, deterministic } = flags;
  const gpu = flags.gpu === "none" ? false : flags.gpu;
  const options = {
    model,
    gpu,
    gpuLayers,
    contextSize: flags.context,
    sequences,
    threads,
    flashAttention,
    cacheType,
    deterministic,
  } as const;
  checkFlags(() => checkLlamaOptions(options), { contextSize: "--context", model: modelFlag });
  return options;
}

/** Another model as the judge. */
export interface JudgeModelFlag {
  readonly judgeModel?: string;
}

const JUDGE_MODEL = "--judge-model";

/** It reads one answer at a time, and what is common to both of its questions: more sequences would only take memory. */
const JUDGE_SEQUENCES = 4;

export function addJudgeModelOption(command: Command): Command {
  return command.option(
    `${JUDGE_MODEL} <model>`,
    "another model that judges, such as a guard model (docs/guard-models.md; default: the same model)",
  );
}

/** How the judging model is loaded: on the same hardware. A mistake is found before any model is loaded. `undefined`: there is none. */
export function readJudgeModel(flags: Omit<EngineFlags, "model" | "sequences"> & JudgeModelFlag): LlamaEngineOptions | undefined {
  const { judgeModel: model } = flags;
  if (model === undefined) return undefined;
  const options = readLlamaOptions({ ...flags, model, sequences: JUDGE_SEQUENCES }, JUDGE_MODEL);
  const isFile = model !== "embedded" && !/^\w{2,}:/.test(model);
  if (isFile && !existsSync(model))
    throw new UsageError(`Expected \`${JUDGE_MODEL}\` to be a GGUF file or hf:owner/repo:quant, got \`${model}\`, which is no file`);
  return options;
}

/** Options of the core that flags give, in the order in which reports name them. */
const DECODING = [
  "mode",
  "principle",
  "judging",
  "falseFlags",
  "onUnfit",
  "prompting",
  "urialExamples",
  "urialLayout",
  "seed",
  "maxTokens",
  "contextShift",
  "thoughts",
  "thinkingBudget",
  "temperature",
  "topK",
  "topP",
  "minP",
  "repetitionPenalty",
  "presencePenalty",
  "frequencyPenalty",
  "dryMultiplier",
  "xtcProbability",
] as const satisfies readonly (keyof RainOptions)[];

/** What `ask` and `chat` have in common. */
export interface DecodingFlags
  extends EngineFlags,
    JudgeModelFlag,
    Pick<RainOptions, Exclude<(typeof DECODING)[number], "principle" | "urialExamples" | "thoughts">> {
  readonly principle?: string;
  readonly thoughts?: boolean;
  readonly urialExamples?: string;
  readonly quiet?: boolean;
}

export function addJudgingOption(command: Command): Command {
  const description = "auto: fitted on labelled answers (docs/judge.md); in-place or preamble: asked by letters, there or behind examples";
  return command.addOption(choiceOption("--judging <way>", `${description} ${byDefault("judging")}`, JUDGINGS));
}

export function addDecodingOptions(command: Command): Command {
  const mode = choiceOption("--mode <mode>", `one of ${MODES.join(", ")} ${byDefault("mode")}`, MODES);
  return addSamplingOptions(addJudgeModelOption(addEngineOptions(command).addOption(mode)));
}

/** How an answer is written, in any mode. */
export function addSamplingOptions(command: Command): Command {
  const shares = "good answers that a fitted judge may flag, such as 5% or 0.05; a flag costs a search (default: 5%)";
  const unfit = `where the judge is no fit one: ${ON_UNFIT.join(", ")} ${byDefault("onUnfit")}`;
  const layouts = `where the fences stand: ${URIAL_LAYOUTS.join(", ")} ${byDefault("urialLayout")}`;
  return addJudgingOption(command)
    .addOption(shareOption("--false-flags <share>", shares))
    .addOption(choiceOption("--on-unfit <way>", unfit, ON_UNFIT))
    .option("--principle <name|file>", `what the judge judges: a name, or a YAML or JSON file (default: "${DEFAULTS.principle.name}")`)
    .addOption(
      choiceOption("--prompting <way>", `auto, chat, or urial: examples first, for base models ${byDefault("prompting")}`, PROMPTINGS),
    )
    .option("--urial-examples <n|file>", `0, 1, 3 or 8, or a JSON or YAML list of {query, answer} ${byDefault("urialExamples")}`)
    .addOption(choiceOption("--urial-layout <layout>", layouts, URIAL_LAYOUTS))
    .addOption(numberOption("--seed <n>", `the same seed gives the same text; -1: another one each time ${byDefault("seed")}`))
    .addOption(numberOption("--max-tokens <n>", `longest answer, in tokens ${byDefault("maxTokens")}`))
    .option("--context-shift", "leave out the oldest turns where there is no room for the answer (default: chat does)")
    .option("--no-context-shift", "fail then")
    .option("--thoughts", "judge and show, dimmed on a terminal, what a model thinks before its answer (default: hidden)")
    .option("--no-thoughts", "ask it not to think, and close a thought that begins all the same")
    .addOption(numberOption("--thinking-budget <n>", `tokens after which a thought is closed ${byDefault("thinkingBudget")}`))
    .addOption(numberOption("--temperature <t>", `0 is greedy, above 1 is wilder ${byDefault("temperature")}`))
    .addOption(numberOption("--top-k <k>", `draw from this many likeliest tokens ${byDefault("topK")}`))
    .addOption(numberOption("--top-p <p>", `... and of those from the fewest that reach this probability ${byDefault("topP")}`))
    .addOption(numberOption("--min-p <p>", `... and of those with this share of the likeliest one's probability ${byDefault("minP")}`))
    .addOption(numberOption("--repetition-penalty <p>", `makes what occurred less likely; above 1 ${byDefault("repetitionPenalty")}`))
    .addOption(numberOption("--presence-penalty <p>", `... by this much ${byDefault("presencePenalty")}`))
    .addOption(numberOption("--frequency-penalty <p>", `... by this much each time ${byDefault("frequencyPenalty")}`))
    .addOption(
      numberOption("--dry-multiplier <m>", `makes repetitions of several tokens less likely, such as 0.8 ${byDefault("dryMultiplier")}`),
    )
    .addOption(numberOption("--xtc-probability <p>", `how often the likeliest tokens are left out ${byDefault("xtcProbability")}`))
    .option("--quiet", "nothing but the answer and errors");
}

/** The flags as options of the core, checked: a mistake is found before a model is loaded. */
export async function readDecodingOptions(flags: DecodingFlags): Promise<RainOptions> {
  const principle = flags.principle === undefined ? undefined : await findPrinciple(flags.principle);
  const urialExamples = flags.urialExamples === undefined ? undefined : await findExamples(flags.urialExamples);
  const thoughts = flags.thoughts === undefined ? undefined : flags.thoughts ? "judged" : "off";
  const found = { ...flags, principle, urialExamples, thoughts };
  const options: RainOptions = Object.fromEntries(DECODING.map((name) => [name, found[name]]).filter(([, value]) => value !== undefined));
  checkFlags(() => checkOptions(options));
  if (flags.judgeModel !== undefined && options.mode === "vanilla")
    throw new UsageError("Expected a judged mode for `--judge-model`, got `vanilla`");
  return options;
}

function byDefault(name: keyof typeof DEFAULTS): string {
  return `(default: ${JSON.stringify(DEFAULTS[name])})`;
}

function parseNumber(flags: string, text: string, expected: string): number {
  const number = Number(text);
  if (text.trim() !== "" && !Number.isNaN(number)) return number;
  throw new UsageError(`Expected \`${nameOf(flags)}\` to be ${expected}, got \`${text}\``);
}

function nameOf(flags: string): string {
  return flags.split(" ")[0] as string;
}

function quoted(word: string): string {
  return `\`${word}\``;
}
