import { EitherSignal } from "../either-signal.ts";
import type { Token } from "../engine.ts";
import { ContextFullError, complaint, JudgeError } from "../errors.ts";
import { adviceOn, Generation, type GenerationRequest } from "../generation.ts";
import type { Settings } from "../options.ts";
import type { AnswerJudge, Verdict } from "./verdict.ts";

/** An answer that is being written, and the judge of it. */
export interface JudgedGeneration {
  readonly generation: Generation;
  readonly judge: AnswerJudge;
  /** The conversation, as the judge reads it. */
  readonly conversation: unknown;
}

/**
 * Reads the conversation, for the writer and for the judge. The answer ends where the context has no more room for a question about it.
 *
 * @throws {ContextFullError} when there is no room for an answer and a question
 */
export async function startGeneration(judge: AnswerJudge, request: GenerationRequest): Promise<JudgedGeneration> {
  const { engine, turns, settings } = request;
  const conversation = judge.conversation(turns);
  const longest = judge.longestAnswer(conversation);
  const { contextSize } = engine.facts;
  if (longest < 1) throw new ContextFullError(contextSize + 1 - longest, contextSize, adviceOn(settings));
  const generation = new Generation({ ...request, settings: { ...settings, maxTokens: Math.min(settings.maxTokens, longest) } });
  await generation.prime();
  await judge.prime(conversation, generation.call("prompt"));
  return { generation, judge, conversation };
}

/**
 * The judge's verdict on each of these answers, as they were written: of each, the part that will be read is judged. A judge that takes too long has given
 * no verdict; and an answer that is over and says nothing, or is not what its format asks for, is as bad as can be, whoever judges.
 *
 * @throws {JudgeError} when a verdict is not a probability, or not there before `judgeSignal` is aborted
 */
export async function verdictsOn(
  written: readonly (readonly Token[])[],
  { generation, judge, conversation }: JudgedGeneration,
  areWhole: readonly boolean[] = written.map((answer) => generation.ending.isOver(answer)),
): Promise<Verdict[]> {
  const { ending, settings } = generation;
  const known = await Promise.all(written.map(async (answer) => await knownVerdict(answer, generation)));
  const asked = written.filter((_, index) => known[index] === undefined);
  const verdicts = asked.length === 0 ? [] : await askedVerdicts();
  return known.map((verdict) => verdict ?? (verdicts.shift() as Verdict));

  async function askedVerdicts(): Promise<Verdict[]> {
    const { principle, signal } = settings;
    const limit = verdictLimit(settings);
    using either = new EitherSignal(signal, limit);
    const readable = asked.map((answer) => ending.readable(answer));
    const isWhole = areWhole.filter((_, index) => known[index] === undefined);
    try {
      return await judge.verdicts(conversation, readable, { ...generation.call("evaluate"), signal: either.signal }, isWhole);
    } catch (cause) {
      signal?.throwIfAborted();
      if (limit?.aborted) throw noVerdict("late", principle.name, cause);
      throw cause;
    }
  }
}

/** Of what no judge is asked about. */
async function knownVerdict(answer: readonly Token[], generation: Generation): Promise<Verdict | undefined> {
  if (generation.isEmpty(answer)) return NO_ANSWER;
  return (await generation.isValid(answer)) ? undefined : { ...NO_ANSWER, isInvalid: true };
}

const NO_ANSWER: Verdict = { value: -1, byOrder: [-1] };

/**
 * The signal that limits the next verdict, if one does.
 *
 * @throws {JudgeError} when `judgeSignal` throws or gives something else: without a limit the judge is not asked
 */
export function verdictLimit({ judgeSignal, principle }: Pick<Settings, "judgeSignal" | "principle">): AbortSignal | undefined {
  let limit: unknown;
  try {
    limit = judgeSignal();
  } catch (cause) {
    throw noVerdict("unlimited", principle.name, cause);
  }
  if (limit === undefined || limit instanceof AbortSignal) return limit;
  throw new JudgeError(principle.name, complaint("judgeSignal()", "an AbortSignal, or nothing", limit));
}

/** A judge that failed, or took too long, has given no verdict; and none is asked for where its limit is unknown. */
export function noVerdict(reason: keyof typeof REASONS, principle: string, cause: unknown): JudgeError {
  return new JudgeError(principle, REASONS[reason], { cause });
}

const REASONS = {
  late: "Expected a verdict in time, got none before `judgeSignal` was aborted",
  failed: "Expected the judge to give a value, got an error (see `cause`)",
  unlimited: "Expected `judgeSignal` to give a signal, got an error (see `cause`)",
} as const;
