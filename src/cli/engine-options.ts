import type { Command } from "commander";
import { CACHE_TYPES, type CacheType, checkLlamaOptions, GPUS, type GpuLayers, type LlamaEngineOptions } from "../llama.ts";
import { checkFlags, choiceOption, numberOption, numberOrWordOption } from "./flags.ts";

/** What every command that loads a model has in common. */
export interface EngineFlags {
  readonly model: string;
  readonly gpu?: (typeof GPU_CHOICES)[number];
  readonly gpuLayers?: GpuLayers;
  readonly context?: number;
  readonly sequences?: number;
  readonly threads?: number;
  readonly flashAttention?: boolean;
  readonly cacheType?: CacheType;
}

const GPU_CHOICES = GPUS.map((gpu) => (gpu === false ? "none" : gpu));

export const MODEL_DESCRIPTION = "a GGUF file, hf:owner/repo:quant, or the model that comes with the package";

export function addEngineOptions(command: Command): Command {
  return addHardwareOptions(command.option("--model <model>", MODEL_DESCRIPTION, "embedded"));
}

/** How whatever model it is gets loaded. */
export function addHardwareOptions(command: Command): Command {
  return addDeviceOptions(command).addOption(
    numberOption("--sequences <n>", "branches that are kept at once (default: up to 16, as memory allows)"),
  );
}

/** The same for a command that decides itself how many sequences it needs. */
export function addDeviceOptions(command: Command): Command {
  return command
    .addOption(choiceOption("--gpu <gpu>", `what computes besides the CPU: ${GPU_CHOICES.join(", ")} (default: "auto")`, GPU_CHOICES))
    .addOption(numberOrWordOption("--gpu-layers <n>", 'layers on the GPU: a number, auto or max (default: "auto")', ["auto", "max"]))
    .addOption(numberOption("--context <n>", "longest conversation, in tokens (default: what the model was trained on, up to 4096)"))
    .addOption(numberOption("--threads <n>", "CPU threads (default: measured)"))
    .option("--flash-attention", "use flash attention (default: on a GPU, where it works)")
    .option("--no-flash-attention", "never use it")
    .addOption(
      choiceOption("--cache-type <type>", `how the cache stores numbers: ${CACHE_TYPES.join(", ")} (default: "F16")`, CACHE_TYPES),
    );
}

/** The flags as options of the engine, checked: a mistake is found before a model is loaded. `modelFlag`: by which the model was given. */
export function readEngineOptions(flags: EngineFlags, modelFlag = "--model"): LlamaEngineOptions {
  const { model, gpuLayers, sequences, threads, flashAttention, cacheType } = flags;
  const gpu = flags.gpu === "none" ? false : flags.gpu;
  const options = { model, gpu, gpuLayers, contextSize: flags.context, sequences, threads, flashAttention, cacheType } as const;
  checkFlags(() => checkLlamaOptions(options), { contextSize: "--context", model: modelFlag });
  return options;
}
