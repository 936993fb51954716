/** `--judge-model`: another model as the judge. */
import { existsSync } from "node:fs";
import type { Command } from "commander";
import type { LlamaEngine, LlamaEngineOptions } from "../llama.ts";
import { type EngineFlags, readEngineOptions } from "./engine-options.ts";
import { UsageError } from "./failure.ts";
import { loadEngine } from "./load-engine.ts";

export interface JudgeModelFlag {
  readonly judgeModel?: string;
}

const FLAG = "--judge-model";

/** It reads one answer at a time, and what is common to both of its questions: more sequences would only take memory. */
const SEQUENCES = 4;

export function addJudgeModelOption(command: Command): Command {
  return command.option(
    `${FLAG} <model>`,
    "another model that judges, such as a guard model (docs/guard-models.md; default: the same model)",
  );
}

/** How the judging model is loaded: on the same hardware. A mistake is found before any model is loaded. `undefined`: there is none. */
export function readJudgeModel(flags: Omit<EngineFlags, "model" | "sequences"> & JudgeModelFlag): LlamaEngineOptions | undefined {
  const { judgeModel: model } = flags;
  if (model === undefined) return undefined;
  const options = readEngineOptions({ ...flags, model, sequences: SEQUENCES }, FLAG);
  const isFile = model !== "embedded" && !/^\w{2,}:/.test(model);
  if (isFile && !existsSync(model))
    throw new UsageError(`Expected \`${FLAG}\` to be a GGUF file or hf:owner/repo:quant, got \`${model}\`, which is no file`);
  return options;
}

/** Freed with its `using` block; without a judging model there is nothing to free. */
export async function loadJudgeModel(
  options: LlamaEngineOptions | undefined,
  loading: { readonly signal: AbortSignal; readonly isQuiet: boolean },
): Promise<LlamaEngine | undefined> {
  return options === undefined ? undefined : await loadEngine({ options, ...loading });
}
