import type { Engine, Token, Turn } from "../engine.ts";
import { ContextFullError } from "../errors.ts";
import { Generation } from "../generation.ts";
import type { Settings } from "../options.ts";
import type { AnswerJudge, Verdict } from "./verdict.ts";
import { noVerdict, verdictLimit } from "./verdict-limit.ts";

/** An answer that is being written, and the judge who reads it. */
export interface JudgedGeneration {
  readonly generation: Generation;
  readonly judge: AnswerJudge;
  /** The conversation, as the judge reads it. */
  readonly conversation: unknown;
}

/** What is to be answered, and how. */
export interface GenerationRequest {
  readonly engine: Engine;
  readonly turns: readonly Turn[];
  readonly settings: Settings;
}

/**
 * Reads the conversation, for the writer and for the judge. The answer ends where the context has no more room for a question about it.
 *
 * @throws {ContextFullError} when there is no room for an answer and a question
 */
export async function startGeneration(judge: AnswerJudge, { engine, turns, settings }: GenerationRequest): Promise<JudgedGeneration> {
  const conversation = judge.conversation(turns);
  const longest = judge.longestAnswer(conversation);
  const { contextSize } = engine.facts;
  if (longest < 1) throw new ContextFullError(contextSize + 1 - longest, contextSize);
  const generation = new Generation(engine, turns, { ...settings, maxTokens: Math.min(settings.maxTokens, longest) });
  await generation.prime();
  await judge.prime(conversation, generation.call("prompt"));
  return { generation, judge, conversation };
}

/**
 * The judge's verdict on each of these answers, of which some are over. A judge that takes too long has given no verdict.
 *
 * @throws {JudgeError} when a verdict is not a probability, or not there before `judgeSignal` is aborted
 */
export async function hear(
  answers: readonly (readonly Token[])[],
  { generation, judge, conversation }: JudgedGeneration,
  isWhole: readonly boolean[] = [],
): Promise<Verdict[]> {
  const { principle, signal } = generation.settings;
  const limit = verdictLimit(generation.settings);
  const either = signal !== undefined && limit !== undefined ? AbortSignal.any([signal, limit]) : (signal ?? limit);
  try {
    return await judge.verdicts(conversation, answers, { ...generation.call("evaluate"), signal: either }, isWhole);
  } catch (cause) {
    signal?.throwIfAborted();
    if (limit?.aborted) throw noVerdict("late", principle.name, cause);
    throw cause;
  }
}
