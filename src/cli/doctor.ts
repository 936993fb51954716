import { availableParallelism, cpus, freemem, release, totalmem } from "node:os";
import { Command } from "commander";
import { type Calibration, type Checkup, DEFAULTS, type JudgeChoice, measureJudge, PRINCIPLES, type RainOptions } from "../core/index.ts";
import type { LlamaEngine, LlamaFacts } from "../llama.ts";
import { addJudgingOption, type DecodingFlags, readDecodingOptions } from "./decoding-options.ts";
import { addEngineOptions, type EngineFlags, readEngineOptions } from "./engine-options.ts";
import { reasonOf, UsageError } from "./failure.ts";
import { loadEngine, megabytes } from "./load-engine.ts";
import { stopSignal } from "./stop-signal.ts";
import { flushed, paint } from "./terminal.ts";

interface DoctorFlags extends EngineFlags, Pick<DecodingFlags, "principle" | "judging"> {
  readonly json?: boolean;
}

/** All that `rain doctor` finds out. */
interface Diagnosis {
  readonly node: string;
  readonly platform: string;
  readonly cpu: { readonly model: string; readonly cores: number };
  /** Bytes. */
  readonly memory: { readonly total: number; readonly free: number };
  readonly model: LlamaFacts;
  /** By the principle's name. */
  readonly judge: Readonly<Record<string, Checkup>>;
}

const ADVICE: Readonly<Record<Calibration["verdict"], string>> = {
  good: "fit to judge its own answers",
  weak: "expect mistakes: prefer a larger model, or put the principle more simply",
  unfit: "hardly better than guessing: take a larger or instruction-tuned model, or another principle or judge (`--judging`)",
};

const FLASH_ATTENTION = { true: "on", false: "off", auto: "where llama.cpp finds it works" } as const;

export function doctorCommand(): Command {
  const command = new Command("doctor")
    .description("Looks at this machine and the model, and says whether the model can judge itself.")
    .option("--principle <name|file>", "judge by this one alone (default: each that is built in)")
    .option("--json", "one object instead of text");
  return addJudgingOption(addEngineOptions(command)).action(examine);
}

async function examine({ json: isJson, ...flags }: DoctorFlags): Promise<void> {
  const judging = await readDecodingOptions(flags);
  const options = readEngineOptions(flags);
  const signal = stopSignal();
  await using engine = await loadEngine({ options, signal, isQuiet: isJson === true });
  const diagnosis = await diagnose(engine, { ...judging, signal });
  process.stdout.write(isJson === true ? `${JSON.stringify(diagnosis)}\n` : `${toText(diagnosis)}\n`);
  await flushed(process.stdout);
  signal.throwIfAborted();
}

async function diagnose(engine: LlamaEngine, { principle, judging = DEFAULTS.judging, signal }: RainOptions): Promise<Diagnosis> {
  const judge: Record<string, Checkup> = {};
  for (const one of principle === undefined ? Object.values(PRINCIPLES) : [principle]) {
    judge[one.name] = await checkUp(engine, { principle: one, judging, judgeExamples: DEFAULTS.judgeExamples }, signal);
  }
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch} ${release()}`,
    cpu: { model: cpus()[0]?.model ?? "unknown", cores: availableParallelism() },
    memory: { total: totalmem(), free: freemem() },
    model: engine.facts,
    judge,
  };
}

async function checkUp(engine: LlamaEngine, choice: JudgeChoice, signal: AbortSignal | undefined): Promise<Checkup> {
  const checkup = await measureJudge(engine, choice, signal);
  if (checkup !== undefined) return checkup;
  const { name } = choice.principle;
  const read = choice.judging === "preamble" ? ` (the judge reads the first ${choice.judgeExamples} itself)` : "";
  throw new UsageError(`Expected the principle "${name}" to have good and bad examples left to ask the judge about, got too few${read}`);
}

function toText({ node, platform, cpu, memory, model, judge }: Diagnosis): string {
  const facts = [
    ["node", node],
    ["platform", platform],
    ["cpu", `${cpu.model}, ${cpu.cores} cores`],
    ["memory", `${megabytes(memory.free)} free of ${megabytes(memory.total)}`],
    ["gpu", gpuInWords(model)],
    ["threads", `${model.threads.decode} for single tokens, ${model.threads.batch} for batches`],
    [
      "model",
      `${model.model} (${model.architecture}, ${(model.parameters / 1e6).toFixed(1)} million parameters, ${megabytes(model.fileBytes)})`,
    ],
    ["file", model.file],
    ["context", `${model.contextSize} tokens, ${model.sequences} branches at once`],
    ["cache", `${model.cacheType} numbers, flash attention ${FLASH_ATTENTION[`${model.flashAttention}`]}`],
    ["chat template", model.hasChatTemplate ? "the model's own" : "none: answers are prompted by examples, where they fit (--prompting)"],
    ["rewinds", model.needsCheckpoints ? "to checkpoints only" : "to any token"],
  ] as const;
  const lines = facts.map(([name, value]) => `${name.padEnd(14)} ${value}`);
  const checkups = Object.entries(judge).map(([name, checkup]) => `  ${name.padEnd(12)} ${inWords(checkup)}`);
  return [...lines, "", paint(process.stdout, "As a judge of its own answers:", "bold"), ...checkups].join("\n");
}

function gpuInWords({ gpu, devices, gpuLayers, layers }: LlamaFacts): string {
  return gpu === false ? "none" : `${gpu} (${devices.join(", ")}), ${gpuLayers} of ${layers} layers on it`;
}

function inWords(checkup: Checkup): string {
  const verdict = paint(process.stdout, checkup.verdict.padEnd(6), checkup.verdict === "good" ? "green" : "red");
  if ("reason" in checkup) return `${verdict} ${reasonOf(checkup.reason)}`;
  const { balancedAccuracy, agreement, n } = checkup;
  return `${verdict} ${percent(balancedAccuracy)} right on ${n} answers, both orders agree on ${percent(agreement)}: ${ADVICE[checkup.verdict]}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
