import { adaptive } from "./adaptive.ts";
import { type Answering, type RainAnswer, wholeAnswer } from "./answer.ts";
import { bestOfN } from "./best-of-n.ts";
import { checkOptions } from "./check-options.ts";
import type { Decode } from "./decode.ts";
import type { Engine, Turn } from "./engine.ts";
import { complaint, JudgeError, OptionError } from "./errors.ts";
import { checkFormat } from "./format-mask.ts";
import { Generation } from "./generation.ts";
import { type Fitness, findJudge, isFit, unfitNotice } from "./judge/fitness.ts";
import type { GenerationRequest } from "./judge/judged-generation.ts";
import type { AnswerJudge } from "./judge/verdict.ts";
import type { Mode, RainOptions, Settings } from "./options.ts";
import { paper } from "./paper.ts";
import { withPrompting } from "./prompt.ts";
import { checkTools } from "./tools/check-tools.ts";
import { withTools } from "./tools/tool-answer.ts";
import { vanilla } from "./vanilla.ts";

/** Every mode is a way of decoding. */
const DECODERS: Readonly<Record<Mode, Decode>> = { adaptive, paper, vanilla, "best-of-n": bestOfN };

/**
 * Writes the assistant's next turn, step by step. What was yielded is never taken back; leaving the loop stops the work.
 * If the last turn is the assistant's, it is continued.
 *
 * @throws {OptionError} before anything is computed, for options or turns that cannot be meant
 * @throws {EngineError} before anything is computed, for a format that this engine cannot write
 * @throws {JudgeError} when the judge gives no usable verdict: nothing unjudged is released
 * @throws {EmptySearchError} when the engine continues nothing
 * @throws {ExhaustedError} when nothing passes the judge and `onExhausted` is "error"
 * @throws {ContextFullError} when the conversation leaves no room for an answer
 */
export function rain(engine: Engine, turns: readonly Turn[], options: RainOptions = {}): Answering {
  const settings = withPrompting(engine, checkOptions(options));
  checkTurns(turns);
  if (settings.format !== undefined) checkFormat(engine, settings.format);
  const decode = DECODERS[settings.mode];
  if (!mayCall(settings)) return judged(decode, { engine, turns, settings });
  checkTools(settings, engine);
  return judged((...asked) => withTools(decode, ...asked), { engine, turns, settings });
}

/** Finds the judge, and lets it judge if it is fit to. What a judge does not fit is written as `onUnfit` says. */
async function* judged(decode: Decode, { engine, turns, settings }: GenerationRequest): Answering {
  if (settings.mode === "vanilla") return yield* decode(engine, turns, settings, nobody);
  const found = await findJudge(engine, settings);
  const { fitness, threshold, beginningThreshold = threshold, schedule } = found;
  const { acceptance = threshold, beginningAcceptance = beginningThreshold } = found;
  const report = { fitness, isFit: isFit(found) };
  if (!report.isFit && settings.onUnfit === "error")
    throw new JudgeError(settings.principle.name, unfitNotice(fitness as Fitness, engine.facts.model));
  if (!report.isFit && settings.onUnfit === "refuse") {
    const generation = new Generation(engine, turns, settings);
    yield generation.refuse(settings.refusal, 0);
    return { ...generation.conclude(), ...(mayCall(settings) ? { calls: [] } : {}), judge: report };
  }
  const thresholds = { threshold, beginningThreshold, acceptance, beginningAcceptance };
  const fitted = { ...settings, ...thresholds, ...schedule, ...settings.scheduleGiven };
  const answering = report.isFit ? decode(engine, turns, fitted, found.judge) : plain({ engine, turns, settings });
  return { ...(yield* answering), judge: report };
}

/** The answer that nobody judges, with its calls. */
function plain({ engine, turns, settings }: GenerationRequest): Answering {
  if (!mayCall(settings)) return vanilla(engine, turns, settings);
  return withTools(vanilla, engine, turns, settings, nobody);
}

function mayCall({ tools, toolChoice }: Settings): boolean {
  return tools.length > 0 && toolChoice !== "none";
}

/** Plain decoding asks no judge: this one fails who does. */
const nobody: AnswerJudge = {
  conversation: () => fail(),
  longestAnswer: () => fail(),
  prime: () => fail(),
  verdicts: () => fail(),
};

function fail(): never {
  throw new Error("Expected plain decoding to ask no judge, got a question");
}

/** The same, waiting for the whole answer. */
export async function answer(engine: Engine, turns: readonly Turn[], options: RainOptions = {}): Promise<RainAnswer> {
  return await wholeAnswer(rain(engine, turns, options));
}

function checkTurns(turns: readonly Turn[]): void {
  if (!Array.isArray(turns) || turns.length === 0)
    throw new OptionError("turns", complaint("turns", "a non-empty list of turns", turns), turns);
  turns.forEach(({ role, text, callId }, index) => {
    if (!["system", "user", "assistant", "tool"].includes(role))
      throw new OptionError("turns", complaint(`turns[${index}].role`, "one of `system`, `user`, `assistant`, `tool`", role), role);
    const calls = turns.slice(0, index).flatMap((turn) => turn.calls ?? []);
    if (role === "tool" && !calls.some(({ id }) => id === callId))
      throw new OptionError("turns", complaint(`turns[${index}].callId`, "the id of a call in a turn before it", callId), callId);
    if (typeof text !== "string") throw new OptionError("turns", complaint(`turns[${index}].text`, "a string", text), text);
  });
}
