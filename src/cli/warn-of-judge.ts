import { join } from "node:path";
import { JudgeGate, type RainOptions } from "../core/index.ts";
import type { LlamaEngine } from "../llama.ts";
import { cacheFolder } from "./cache-folder.ts";
import { keptCheckups } from "./checkup-cache.ts";
import { note, warn } from "./terminal.ts";

interface Asked {
  readonly engine: LlamaEngine;
  /** As for the answer. */
  readonly options: RainOptions;
  readonly isQuiet: boolean;
}

/** Before anything is written: says on standard error that a model is no fit judge of itself, if so. To who wants quiet it measures nothing. */
export async function warnOfJudge({ engine, options, isQuiet }: Asked): Promise<void> {
  if (isQuiet) return;
  for (const warning of await judgeWarnings(engine, [options], options.signal)) warn(warning);
}

/** Why a model is no fit judge of itself, for each judge that these options ask. */
export async function judgeWarnings(
  engine: LlamaEngine,
  asked: readonly RainOptions[],
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const { model, file, fileBytes } = engine.facts;
  const onMeasure = () => {
    if (fileBytes >= SLOW_FROM_BYTES) note(`Finding out how well ${model} judges its own answers. It is remembered.`);
  };
  const gate = new JudgeGate(keptCheckups({ folder: join(cacheFolder(), "judges"), model: file, onMeasure }));
  const warnings: string[] = [];
  for (const options of asked) {
    const warning = await gate.warning(engine, { ...options, signal });
    if (warning !== undefined) warnings.push(warning);
  }
  return warnings;
}

/** A smaller model is measured before anybody could read that it is. */
const SLOW_FROM_BYTES = 50e6;
