import type { Engine, Prefix, Token } from "./engine.ts";
import type { Generation } from "./generation.ts";

/** When to ask the judge: often at the beginning, where the course of an answer is set, and less often later. */
export interface Schedule {
  readonly firstCheck: number;
  readonly checkGrowth: number;
  readonly maxCheckGap: number;
}

/**
 * A check waits for a clause to end, as half a clause is hard to judge: up to a quarter of its gap, and no longer than four tokens. The first
 * check hardly waits, since most flags are raised there, and all that was written by then is written in vain.
 */
const CLAUSE_REACH = { share: 1 / 4, most: 4 } as const;

/** Tokens to write behind an answer of `length` judged tokens before it is checked again. */
function checkGap(length: number, { firstCheck, checkGrowth, maxCheckGap }: Schedule): number {
  return Math.min(maxCheckGap, Math.max(firstCheck, Math.round(length * (checkGrowth - 1))));
}

/**
 * Whether it is time to judge `span`, written behind a judged `answer`. The end of an answer is always judged; where the
 * principle or the format looks that far (`horizon: "end"`), nothing else is.
 */
export function isCheckDue(span: readonly Token[], answer: readonly Token[], generation: Generation): boolean {
  const { ending, engine, prompt, settings } = generation;
  if (ending.isOver([...answer, ...span])) return true;
  return generation.horizon !== "end" && isGapOver(span, answer, { ...settings, engine, prompt });
}

/** How an answer is checked while it is written. */
interface Checking extends Schedule {
  readonly engine: Engine;
  readonly prompt: Prefix;
}

/** Lengths at which an answer would have been checked before its end, while it was written. */
export function checkPlaces(answer: readonly Token[], checking: Checking): readonly number[] {
  const places: number[] = [];
  let judged: readonly Token[] = [];
  for (let length = 1; length < answer.length; length++) {
    if (!isGapOver(answer.slice(judged.length, length), judged, checking)) continue;
    judged = answer.slice(0, length);
    places.push(length);
  }
  return places;
}

function isGapOver(span: readonly Token[], answer: readonly Token[], { engine, prompt, ...schedule }: Checking): boolean {
  const gap = checkGap(answer.length, schedule);
  if (span.length < gap) return false;
  return span.length >= gap + clauseReach(gap) || endsClause(engine.tokenizer.detokenize(span, [...prompt, ...answer]));
}

function clauseReach(gap: number): number {
  return Math.min(CLAUSE_REACH.most, Math.ceil(gap * CLAUSE_REACH.share));
}

/** Where the paper ends a clause, so that what stands before it can be judged. */
const CLAUSE_END = /[,.?:;\n]\s*$/;

export function endsClause(text: string): boolean {
  return CLAUSE_END.test(text);
}
