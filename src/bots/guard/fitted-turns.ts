import { DEFAULTS, type Engine, type RainOptions, type Turn } from "../../core/index.ts";
import { promptLength } from "../../prompting/index.ts";

/** The share of the context that is left for the answer and the judge's question, if the answer may become that long. */
const ANSWER_SHARE = 0.4;

/**
 * The instructions, and as many of the last turns as leave room for an answer, beginning with somebody's question. The last turn is
 * always there, be it too long: then the engine says so.
 */
export function fittedTurns(engine: Engine, turns: readonly Turn[], options: RainOptions): readonly Turn[] {
  const { contextSize } = engine.facts;
  const { maxTokens, prompting } = { ...DEFAULTS, ...options };
  const room = contextSize - Math.min(maxTokens, Math.floor(contextSize * ANSWER_SHARE));
  const instructions = turns.filter(({ role }) => role === "system");
  const said = turns.filter(({ role }) => role !== "system");
  for (let first = 0; first < said.length - 1; first++) {
    if (said[first]?.role !== "user") continue;
    const fitting = [...instructions, ...said.slice(first)];
    if (promptLength(engine, fitting, { prompting }) <= room) return fitting;
  }
  return [...instructions, ...said.slice(-1)];
}
