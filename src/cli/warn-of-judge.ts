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
  const { model, file, fileBytes } = engine.facts;
  const onMeasure = () => {
    if (fileBytes >= SLOW_FROM_BYTES) note(`Finding out how well ${model} judges its own answers. It is remembered.`);
  };
  const gate = new JudgeGate(keptCheckups({ folder: join(cacheFolder(), "judges"), model: file, onMeasure }));
  const warning = await gate.warning(engine, options);
  if (warning !== undefined) warn(warning);
}

/** A smaller model is measured before anybody could read that it is. */
const SLOW_FROM_BYTES = 50e6;
