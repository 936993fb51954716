/** `rain doctor`: what machine and model are, and whether the model can judge. */
import { availableParallelism, cpus, freemem, release, totalmem } from "node:os";
import { Command } from "commander";
import {
  ContextFullError,
  checkOptions,
  DEFAULTS,
  type Fitness,
  isFit,
  JudgeError,
  OptionError,
  PRINCIPLES,
  type Principle,
  type RainOptions,
  type Settings,
} from "../core/index.ts";
import { answersOf, type Calibration, type Checkup, candidate, judgedBy, measureJudge } from "../judges/index.ts";
import type { LlamaEngine, LlamaFacts } from "../llama.ts";
import { withPrompting } from "../prompting/index.ts";
import type { RemoteFacts } from "../remote.ts";
import { reasonOf, UsageError } from "./failure.ts";
import { atMost, countsOf } from "./labelled-data.ts";
import { figureOf, finder, type LoadedEngine, loadEngine, loadJudgeModel, megabytes, nameOf } from "./load.ts";
import {
  addEngineOptions,
  addJudgeModelOption,
  addJudgingOption,
  type DecodingFlags,
  type EngineFlags,
  type JudgeModelFlag,
  readDecodingOptions,
  readEngineOptions,
  readJudgeModel,
} from "./options.ts";
import { type Rewind, type RewindCost, rewindCost } from "./rewind-cost.ts";
import { stopSignal } from "./stop-signal.ts";
import { finished, paint } from "./terminal.ts";

interface DoctorFlags extends EngineFlags, JudgeModelFlag, Pick<DecodingFlags, "principle" | "judging"> {
  readonly json?: boolean;
}

export function doctorCommand(): Command {
  const command = new Command("doctor")
    .description("Looks at this machine and the model, and says whether the model can judge itself.")
    .option("--principle <name|file>", "judge by this one alone (default: each that is built in)")
    .option("--json", "one object instead of text");
  return addJudgeModelOption(addJudgingOption(addEngineOptions(command))).action(examine);
}

/** All that `rain doctor` finds out. */
interface Diagnosis {
  readonly node: string;
  readonly platform: string;
  readonly cpu: { readonly model: string; readonly cores: number };
  /** Bytes. */
  readonly memory: { readonly total: number; readonly free: number };
  readonly model: LlamaFacts | RemoteFacts;
  /** Missing where the context is too short to measure it. */
  readonly rewind: RewindCost | undefined;
  /** By the principle's name. */
  readonly judge: Readonly<Record<string, JudgeFinding>>;
}

/** A judge with too few labelled answers to measure it on. */
interface UnmeasuredJudge {
  readonly judge: string;
  readonly n: number;
}

/** A judge that was measured on labelled answers; one that never was; one that cannot judge at all. One that is asked by letters is measured by a checkup. */
type JudgeFinding =
  | ({ readonly isFit: boolean } & (Fitness | UnmeasuredJudge))
  | { readonly isFit: false; readonly reason: string }
  | Checkup;

/** What is examined. */
interface Models {
  readonly engine: LoadedEngine;
  /** Another model that judges. */
  readonly judgeEngine: LlamaEngine | undefined;
}

async function examine({ json: isJson, ...flags }: DoctorFlags): Promise<void> {
  const decoding = await readDecodingOptions(flags);
  const options = readEngineOptions(flags);
  const judgeOptions = readJudgeModel(flags);
  const loading = { signal: stopSignal(), isQuiet: isJson === true };
  const { signal } = loading;
  await using engine = await loadEngine({ options, ...loading });
  await using judgeEngine = await loadJudgeModel(judgeOptions, loading);
  const diagnosis = await diagnose({ engine, judgeEngine }, { ...decoding, signal });
  process.stdout.write(isJson === true ? `${JSON.stringify(diagnosis)}\n` : `${toText(diagnosis, judgeEngine)}\n`);
  await finished(signal);
}

async function diagnose(models: Models, { principle, ...options }: RainOptions): Promise<Diagnosis> {
  const judge: Record<string, JudgeFinding> = {};
  for (const one of principle === undefined ? Object.values(PRINCIPLES) : [principle]) {
    judge[one.name] = await judgeFinding(models, one, options);
  }
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch} ${release()}`,
    cpu: { model: cpus()[0]?.model ?? "unknown", cores: availableParallelism() },
    memory: { total: totalmem(), free: freemem() },
    model: models.engine.facts,
    rewind: await rewindCost(models.engine, options.signal),
    judge,
  };
}

async function judgeFinding(models: Models, principle: Principle, options: RainOptions): Promise<JudgeFinding> {
  const { engine, judgeEngine } = models;
  if (options.judging !== undefined && options.judging !== "auto" && judgeEngine === undefined)
    return await checkUp(engine, principle, options.judging, options.signal);
  try {
    const fitness = await measuredFitness(models, withPrompting(engine, checkOptions({ ...options, principle })));
    return { isFit: isFit({ fitness: "auroc" in fitness ? fitness : undefined }), ...fitness };
  } catch (error) {
    // Then each answer will fail with this error: here it is a finding.
    const isOfJudge = judgeEngine !== undefined && error instanceof OptionError;
    if (isOfJudge || error instanceof JudgeError || error instanceof ContextFullError) return { isFit: false, reason: error.message };
    throw error;
  }
}

async function checkUp(
  engine: LoadedEngine,
  principle: Principle,
  judging: "in-place" | "preamble",
  signal: AbortSignal | undefined,
): Promise<Checkup> {
  const judgeExamples = judging === "in-place" ? 0 : DEFAULTS.judgeExamples;
  const checkup = await measureJudge(engine, { principle, judging, judgeExamples }, signal);
  if (checkup !== undefined) return checkup;
  const read = judging === "preamble" ? ` (the judge reads the first ${judgeExamples} itself)` : "";
  throw new UsageError(
    `Expected the principle "${principle.name}" to have good and bad examples left to ask the judge about, got too few${read}`,
  );
}

/** Labelled answers that another model is asked about, where it was never measured. */
const ASKED = 100;

/** Fewer of a kind say nothing. */
const FEWEST = 10;

/** How good the judge is that answers are judged by; only how it is asked, where there are too few labelled answers to tell. */
async function measuredFitness({ engine, judgeEngine }: Models, settings: Settings): Promise<Fitness | UnmeasuredJudge> {
  const found = await finder(engine, judgeEngine, settings.judging)?.(engine, settings);
  const name = nameOf(found, judgeEngine);
  if (found?.fitness !== undefined) return { ...found.fitness, judge: name };
  const answers = atMost(await answersOf(settings.principle), ASKED);
  const { n, good, bad } = countsOf(answers);
  if (found === undefined || Math.min(good, bad) < FEWEST) return { judge: name, n };
  const judge = { name, judge: found.judge, chosen: true, isOwn: judgeEngine === undefined };
  const judged = await judgedBy(engine, judge, { answers, settings, signal: settings.signal });
  const { auroc, low, high } = candidate(name, judged);
  return { judge: name, principle: settings.principle.name, auroc, low, high, n };
}

const FLASH_ATTENTION = { true: "on", false: "off", auto: "where llama.cpp finds it works" } as const;

function toText({ node, platform, cpu, memory, model, rewind, judge }: Diagnosis, judgeEngine: LlamaEngine | undefined): string {
  const facts = [
    ["node", node],
    ["platform", platform],
    ["cpu", `${cpu.model}, ${cpu.cores} cores`],
    ["memory", `${megabytes(memory.free)} free of ${megabytes(memory.total)}`],
    ...("url" in model ? servedInWords(model) : loadedInWords(model)),
    ["chat template", model.hasChatTemplate ? "the model's own" : "none: answers are prompted by examples, where they fit (--prompting)"],
    ["rewinds", `${placesInWords(model)}${costInWords(rewind)}`],
  ] as const;
  const lines = facts.map(([name, value]) => `${name.padEnd(14)} ${value}`);
  const findings = Object.entries(judge).map(([name, finding]) => `  ${name.padEnd(12)} ${inWords(finding)}`);
  const title = judgeEngine === undefined ? "As a judge of its own answers:" : `${judgeEngine.facts.model} as the judge of its answers:`;
  return [...lines, "", paint(process.stdout, title, "bold"), ...findings].join("\n");
}

type Lines = readonly (readonly [name: string, words: string])[];

function loadedInWords(model: LlamaFacts): Lines {
  const { threads, architecture, parameters, fileBytes } = model;
  return [
    ["gpu", gpuInWords(model)],
    ["threads", `${threads.decode} for single tokens, ${threads.batch} for batches`],
    ["model", `${model.model} (${architecture}, ${(parameters / 1e6).toFixed(1)} million parameters, ${megabytes(fileBytes)})`],
    ["file", model.file],
    ["context", `${model.contextSize} tokens, ${model.sequences} branches at once`],
    ["cache", `${cacheInWords(model)}, flash attention ${FLASH_ATTENTION[`${model.flashAttention}`]}`],
  ];
}

function servedInWords({ server, url, model, parameters, vocabulary, contextSize, sequences }: RemoteFacts): Lines {
  return [
    ["server", `${server} at ${url}`],
    ["model", parameters === 0 ? model : `${model} (${(parameters / 1e6).toFixed(1)} million parameters)`],
    ["vocabulary", vocabulary],
    ["context", `${contextSize} tokens${sequences === undefined ? "" : `, ${sequences} answers at once`}`],
  ];
}

/** What the context costs, and of what that is made. */
function cacheInWords({ cacheMemory: { perToken, perSequence, cpu, gpu }, cacheType, sequences }: LlamaFacts): string {
  const places = [gpu > 0 ? `${megabytes(gpu)} on the GPU` : "", cpu > 0 ? `${megabytes(cpu)} in main memory` : ""].filter(
    (place) => place !== "",
  );
  const parts = `${sequences} x ${megabytes(perSequence)}, ${(perToken / 2 ** 10).toFixed(1)} KiB a token`;
  return `${places.join(" and ")} (${parts}), ${cacheType} numbers`;
}

function gpuInWords({ gpu, devices, gpuLayers, layers }: LlamaFacts): string {
  return gpu === false ? "none" : `${gpu} (${devices.join(", ")}), ${gpuLayers} of ${layers} layers on it`;
}

function placesInWords(model: LlamaFacts | RemoteFacts): string {
  if ("url" in model || !model.needsCheckpoints) return "to any token";
  const { checkpoints, sequences } = model;
  const { most, bytes } = checkpoints;
  return `to saved states, at most ${most} a branch (${megabytes(bytes)} each, ${megabytes(sequences * most * bytes)} in all)`;
}

function costInWords(cost: RewindCost | undefined): string {
  if (cost === undefined) return "";
  const { toCheck, between } = cost;
  return `: to the last check ${rewindInWords(toCheck)}, half-way between two ${rewindInWords(between)}`;
}

function rewindInWords({ tokens, milliseconds }: Rewind): string {
  return `${tokens} ${tokens === 1 ? "token is" : "tokens are"} read again (${milliseconds.toFixed(1)} ms)`;
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

const ADVICE: Readonly<Record<Calibration["verdict"], string>> = {
  good: "fit to judge its own answers",
  weak: "expect mistakes: prefer a larger model, or put the principle more simply",
  unfit: "hardly better than guessing: take a larger or instruction-tuned model, or another principle or judge (`--judging`)",
};

function checkupInWords(checkup: Checkup): string {
  const verdict = paint(process.stdout, checkup.verdict.padEnd(6), checkup.verdict === "good" ? "green" : "red");
  if ("reason" in checkup) return `${verdict} ${reasonOf(checkup.reason)}`;
  const { balancedAccuracy, agreement, n } = checkup;
  return `${verdict} ${percent(balancedAccuracy)} right on ${n} answers, both orders agree on ${percent(agreement)}: ${ADVICE[checkup.verdict]}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
