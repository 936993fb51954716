import { type Engine, JudgeGate, type RainOptions } from "../../core/index.ts";
import { JUDGE_EXAMPLES } from "./engine-inference.ts";

/** The judges of a bot whose guilds decided nothing: of what is being written, and of whole texts, answers and other people's. */
const JUDGES: readonly RainOptions[] = [{ preset: "balanced" }, { judging: "preamble", judgeExamples: JUDGE_EXAMPLES }];

/**
 * What a person should know of a model's judges before trusting them: a line for each that is unfit. Costs some hundred short
 * questions; they go beside the answers that are written meanwhile.
 */
export async function judgeWarnings(engine: Engine, signal: AbortSignal): Promise<readonly string[]> {
  const gate = new JudgeGate();
  const warnings: string[] = [];
  for (const judge of JUDGES) warnings.push(...[(await gate.warning(engine, { ...judge, signal })) ?? []].flat());
  return warnings;
}
