import { availableParallelism, cpus, freemem, release, totalmem } from "node:os";
import { Command } from "commander";
import {
  ContextFullError,
  checkOptions,
  DEFAULTS,
  type Engine,
  type FindJudge,
  type Fitness,
  isFit,
  JudgeError,
  OptionError,
  PRINCIPLES,
  type Principle,
  type RainOptions,
  type Settings,
} from "../core/index.ts";
import {
  ASKED_NAME,
  answersOf,
  type Calibration,
  type Checkup,
  candidate,
  type JudgeChoice,
  judgedBy,
  type LabelledAnswer,
  measureJudge,
} from "../judges/index.ts";
import type { LlamaEngine, LlamaFacts } from "../llama.ts";
import { withPrompting } from "../prompting/index.ts";
import { addJudgingOption, type DecodingFlags, readDecodingOptions } from "./decoding-options.ts";
import { addEngineOptions, type EngineFlags, readEngineOptions } from "./engine-options.ts";
import { reasonOf, UsageError } from "./failure.ts";
import { figureOf, finder } from "./found-judge.ts";
import { addJudgeModelOption, type JudgeModelFlag, loadJudgeModel, readJudgeModel } from "./judge-model.ts";
import { atMost, countsOf } from "./labelled-data.ts";
import { loadEngine, megabytes } from "./load-engine.ts";
import { stopSignal } from "./stop-signal.ts";
import { flushed, paint } from "./terminal.ts";

interface DoctorFlags extends EngineFlags, JudgeModelFlag, Pick<DecodingFlags, "principle" | "judging"> {
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
  readonly judge: Readonly<Record<string, JudgeFinding>>;
}

/** A judge that was measured on labelled answers; one that never was; one that cannot judge at all. One that is asked by letters is measured by a checkup. */
type JudgeFinding =
  | ({ readonly isFit: boolean } & Fitness)
  | { readonly isFit: true; readonly judge: string; readonly n: number }
  | { readonly isFit: false; readonly reason: string }
  | Checkup;

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
  return addJudgeModelOption(addJudgingOption(addEngineOptions(command))).action(examine);
}

async function examine({ json: isJson, ...flags }: DoctorFlags): Promise<void> {
  const judging = await readDecodingOptions(flags);
  const options = readEngineOptions(flags);
  const judgeOptions = readJudgeModel(flags);
  const loading = { signal: stopSignal(), isQuiet: isJson === true };
  const { signal } = loading;
  await using engine = await loadEngine({ options, ...loading });
  await using judgeEngine = await loadJudgeModel(judgeOptions, loading);
  const diagnosis = await diagnose({ engine, judgeEngine }, { ...judging, signal });
  process.stdout.write(isJson === true ? `${JSON.stringify(diagnosis)}\n` : `${toText(diagnosis, judgeEngine)}\n`);
  await flushed(process.stdout);
  signal.throwIfAborted();
}

interface Patients {
  readonly engine: LlamaEngine;
  readonly judgeEngine: LlamaEngine | undefined;
}

async function diagnose({ engine, judgeEngine }: Patients, { principle, ...options }: RainOptions): Promise<Diagnosis> {
  const judge: Record<string, JudgeFinding> = {};
  for (const one of principle === undefined ? Object.values(PRINCIPLES) : [principle]) {
    judge[one.name] = await judgeFinding({ engine, judgeEngine }, one, options);
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

async function judgeFinding({ engine, judgeEngine }: Patients, principle: Principle, options: RainOptions): Promise<JudgeFinding> {
  const { judging = DEFAULTS.judging, signal } = options;
  if (judging !== "auto" && judgeEngine === undefined) {
    const isInPlace = judging === "in-place";
    return await checkUp(engine, { principle, judging, judgeExamples: isInPlace ? 0 : DEFAULTS.judgeExamples }, signal);
  }
  try {
    const settings = withPrompting(engine, checkOptions({ ...options, principle }));
    const find = finder(engine, judgeEngine, judging);
    const fitness = await measuredFitness({ engine, judgeEngine, settings, find });
    return { isFit: isFit({ fitness: "auroc" in fitness ? fitness : undefined }), ...fitness } as JudgeFinding;
  } catch (error) {
    // Then each answer will fail with this error: here it is a finding.
    const isOfJudge = judgeEngine !== undefined && error instanceof OptionError;
    if (isOfJudge || error instanceof JudgeError || error instanceof ContextFullError) return { isFit: false, reason: error.message };
    throw error;
  }
}

async function checkUp(engine: LlamaEngine, choice: JudgeChoice, signal: AbortSignal | undefined): Promise<Checkup> {
  const checkup = await measureJudge(engine, choice, signal);
  if (checkup !== undefined) return checkup;
  const { name } = choice.principle;
  const read = choice.judging === "preamble" ? ` (the judge reads the first ${choice.judgeExamples} itself)` : "";
  throw new UsageError(`Expected the principle "${name}" to have good and bad examples left to ask the judge about, got too few${read}`);
}

function toText(diagnosis: Diagnosis, judgeEngine: LlamaEngine | undefined): string {
  const { node, platform, cpu, memory, model, judge } = diagnosis;
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
  const findings = Object.entries(judge).map(([name, finding]) => `  ${name.padEnd(12)} ${inWords(finding)}`);
  const title = judgeEngine === undefined ? "As a judge of its own answers:" : `${judgeEngine.facts.model} as the judge of its answers:`;
  return [...lines, "", paint(process.stdout, title, "bold"), ...findings].join("\n");
}

function gpuInWords({ gpu, devices, gpuLayers, layers }: LlamaFacts): string {
  return gpu === false ? "none" : `${gpu} (${devices.join(", ")}), ${gpuLayers} of ${layers} layers on it`;
}

function inWords(finding: JudgeFinding): string {
  if ("verdict" in finding) return checkupInWords(finding);
  if ("reason" in finding) return `${paint(process.stdout, "unfit", "red")}, ${reasonOf(finding.reason)}`;
  const { n, judge } = finding;
  if (!("auroc" in finding)) return `not measured: ${judge}; its ${n} labelled answers are too few. ${LABEL_SOME}`;
  const measured = `${figureOf(finding)} on ${n} labelled answers: ${judge}`;
  if (finding.isFit) return `${paint(process.stdout, "fit", "green")}, ${measured}`;
  return `${paint(process.stdout, "unfit", "red")}, ${measured}. It judges nothing: answers are written plainly. ${LABEL_SOME}, take a larger model, or another one as the judge (\`--judge-model\`)`;
}

const LABEL_SOME = "Label answers of this model (`rain calibrate --label`) or bring your own (`--data`)";

function checkupInWords(checkup: Checkup): string {
  const verdict = paint(process.stdout, checkup.verdict.padEnd(6), checkup.verdict === "good" ? "green" : "red");
  if ("reason" in checkup) return `${verdict} ${reasonOf(checkup.reason)}`;
  const { balancedAccuracy, agreement, n } = checkup;
  return `${verdict} ${percent(balancedAccuracy)} right on ${n} answers, both orders agree on ${percent(agreement)}: ${ADVICE[checkup.verdict]}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

interface Measuring {
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
async function measuredFitness({
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
