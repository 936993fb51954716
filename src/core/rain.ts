import { adaptive } from "./adaptive.ts";
import type { Answering } from "./answer.ts";
import { bestOfN, vanilla } from "./baselines.ts";
import { readTurns } from "./context-shift.ts";
import { JudgeError } from "./errors.ts";
import { type Decode, Generation, type GenerationRequest } from "./generation.ts";
import { type AnswerJudge, type FindJudge, type Fitness, judgeReport, unfitNotice } from "./judge/verdict.ts";
import { withLogprobs } from "./logprobs.ts";
import type { Mode } from "./options.ts";
import { paper } from "./paper.ts";

/** Every mode is a way of decoding. */
const DECODERS: Readonly<Record<Mode, Decode>> = { adaptive, paper, vanilla, "best-of-n": bestOfN };

/** What stands around the decoder. */
export interface Surroundings {
  readonly findJudge: FindJudge;
  /** Writes several parts by one way of decoding, such as calls behind a text. @default the decoder itself */
  readonly around?: (decode: Decode) => Decode;
}

/**
 * Writes an answer: finds the judge, and decodes with it if it is fit to judge. What an unfit judge would drive is written as `onUnfit` says.
 *
 * @throws {JudgeError} when the judge gives no usable verdict: nothing unjudged is released
 * @throws {EmptySearchError} when the engine continues nothing
 * @throws {ExhaustedError} when nothing passes the judge, or is valid, and `onExhausted` is "error"
 * @throws {ContextFullError} when the conversation leaves no room for an answer
 */
export async function* decode(request: GenerationRequest, { findJudge, around = (inner) => inner }: Surroundings): Answering {
  const { engine, settings } = request;
  const plain = { ...request, settings: { ...settings, mode: "vanilla" as const } };
  if (settings.mode === "vanilla") return yield* write(around(withLogprobs(vanilla)), plain);
  const found = await findJudge(engine, settings);
  const { fitness, threshold, beginningThreshold = threshold, acceptance, schedule } = found;
  const report = judgeReport(found);
  if (report.isFit) {
    const thresholds = { threshold, beginningThreshold, acceptance };
    const fitted = { ...settings, ...thresholds, ...schedule, ...settings.scheduleGiven };
    return {
      ...(yield* write(around(withLogprobs(DECODERS[settings.mode])), { ...request, settings: fitted }, found.judge)),
      judge: report,
    };
  }
  switch (settings.onUnfit) {
    case "plain":
      return { ...(yield* write(around(withLogprobs(vanilla)), plain)), judge: report };
    case "refuse":
      return { ...(yield* write(refuse, request)), judge: report };
    case "error":
      throw new JudgeError(settings.principle.name, unfitNotice(fitness as Fitness, engine.facts.model));
    default:
      return settings.onUnfit satisfies never;
  }
}

/** Decodes an answer to what is read of the conversation, and says how much is not. */
async function* write(decodeBy: Decode, request: GenerationRequest, judge?: AnswerJudge): Answering {
  const turns = readTurns(request, judge);
  const answer = yield* decodeBy({ ...request, turns }, judge ?? NO_JUDGE);
  const droppedTurns = request.turns.length - turns.length;
  return droppedTurns === 0 ? answer : { ...answer, droppedTurns };
}

/** Says the refusal, and nothing else. */
async function* refuse({ settings, ...request }: GenerationRequest): Answering {
  const generation = new Generation({ ...request, settings });
  yield generation.refuse(settings.refusal, 0);
  return generation.conclude();
}

/** Plain decoding asks no judge: a question to this one is a fault, and releases nothing. */
const NO_JUDGE: AnswerJudge = { conversation: unasked, longestAnswer: unasked, prime: unasked, verdicts: unasked };

function unasked(): never {
  throw new Error("Expected plain decoding to ask no judge, got a question");
}
