import { availableParallelism, cpus, freemem, release, totalmem } from "node:os";
import { Command } from "commander";
import { type Calibration, ContextFullError, calibrate, DEFAULTS, JudgeError, PRINCIPLES, type Principle } from "../core/index.ts";
import type { LlamaEngine, LlamaFacts } from "../llama.ts";
import { addModelOption } from "./decoding-options.ts";
import { reasonOf } from "./failure.ts";
import { loadEngine, megabytes } from "./load-engine.ts";
import { stopSignal } from "./stop-signal.ts";
import { flushed, paint } from "./terminal.ts";

interface DoctorFlags {
  readonly model: string;
  readonly json?: boolean;
}

/** How well the model judges by one principle; `reason` says why it cannot at all. */
type Checkup = Calibration | { readonly verdict: "unfit"; readonly reason: string };

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
  unfit: "hardly better than guessing: take a larger or instruction-tuned model, or another principle",
};

export function doctorCommand(): Command {
  const command = new Command("doctor")
    .description("Looks at this machine and the model, and says whether the model can judge itself.")
    .option("--json", "one object instead of text");
  return addModelOption(command).action(examine);
}

async function examine({ model, json: isJson }: DoctorFlags): Promise<void> {
  const signal = stopSignal();
  await using engine = await loadEngine({ model, signal, isQuiet: isJson === true });
  const diagnosis = await diagnose(engine, signal);
  process.stdout.write(isJson === true ? `${JSON.stringify(diagnosis)}\n` : `${toText(diagnosis)}\n`);
  await flushed(process.stdout);
  signal.throwIfAborted();
}

async function diagnose(engine: LlamaEngine, signal: AbortSignal): Promise<Diagnosis> {
  const judge: Record<string, Checkup> = {};
  for (const principle of Object.values(PRINCIPLES)) judge[principle.name] = await checkUp(engine, principle, signal);
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch} ${release()}`,
    cpu: { model: cpus()[0]?.model ?? "unknown", cores: availableParallelism() },
    memory: { total: totalmem(), free: freemem() },
    model: engine.facts,
    judge,
  };
}

async function checkUp(engine: LlamaEngine, principle: Principle, signal: AbortSignal): Promise<Checkup> {
  try {
    return await calibrate(engine, principle, { signal, judging: DEFAULTS.judging });
  } catch (error) {
    if (error instanceof JudgeError || error instanceof ContextFullError) return { verdict: "unfit", reason: reasonOf(error) };
    throw error;
  }
}

function toText({ node, platform, cpu, memory, model, judge }: Diagnosis): string {
  const facts = [
    ["node", node],
    ["platform", platform],
    ["cpu", `${cpu.model}, ${cpu.cores} cores`],
    ["memory", `${megabytes(memory.free)} free of ${megabytes(memory.total)}`],
    ["gpu", model.gpu === false ? "none" : `${model.gpu}, ${model.gpuLayers} layers on it`],
    ["threads", `${model.threads.decode} for single tokens, ${model.threads.batch} for batches`],
    ["model", `${model.model} (${model.architecture}, ${megabytes(model.fileBytes)})`],
    ["file", model.file],
    ["context", `${model.contextSize} tokens, ${model.sequences} branches at once`],
    ["chat template", model.hasChatTemplate ? "the model's own" : "none: turns are written as User: and Assistant: lines"],
    ["rewinds", model.needsCheckpoints ? "to checkpoints only" : "to any token"],
  ] as const;
  const lines = facts.map(([name, value]) => `${name.padEnd(14)} ${value}`);
  const checkups = Object.entries(judge).map(([name, checkup]) => `  ${name.padEnd(12)} ${inWords(checkup)}`);
  return [...lines, "", paint(process.stdout, "As a judge of its own answers:", "bold"), ...checkups].join("\n");
}

function inWords(checkup: Checkup): string {
  const verdict = paint(process.stdout, checkup.verdict.padEnd(6), checkup.verdict === "good" ? "green" : "red");
  if ("reason" in checkup) return `${verdict} ${checkup.reason}`;
  const { balancedAccuracy, agreement, n } = checkup;
  return `${verdict} ${percent(balancedAccuracy)} right on ${n} answers, both orders agree on ${percent(agreement)}: ${ADVICE[checkup.verdict]}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
