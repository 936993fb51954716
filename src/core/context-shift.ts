/** Which turns of a conversation are read, where all of them would leave no room for an answer. */
import type { Turn } from "./engine.ts";
import { ContextFullError } from "./errors.ts";
import type { GenerationRequest } from "./generation.ts";
import type { AnswerJudge } from "./judge/verdict.ts";
import { isBegun } from "./opening.ts";

/** For what a conversation is to leave room. */
interface ContextShift {
  /** Of all who read it: how many tokens of an answer there is room for behind these turns; below 0 where the turns alone are too long. */
  readonly rooms: readonly ((turns: readonly Turn[]) => number)[];
  /** Tokens that each keeps free for the answer, but no more than half of what the least of the conversation leaves. */
  readonly reserve: number;
  /** Where turns have to go, a multiple of so many tokens goes, or, where there are not as many, of half as many, a quarter ... */
  readonly step: number;
}

/** What the writer of an answer and its judge read. A plain answer has no judge. With `contextShift`, so many of the latest turns that the answer has room. */
export function readTurns({ engine, turns, settings, promptOf }: GenerationRequest, judge?: AnswerJudge): readonly Turn[] {
  if (!settings.contextShift) return turns;
  const { contextSize, thinking } = engine.facts;
  const mayThink = thinking !== undefined && settings.thoughts !== "off" && settings.prompting !== "urial" && !isBegun(turns);
  const writer = (read: readonly Turn[]) => contextSize - promptOf(engine, read, settings).prefix.length;
  return shiftedTurns(turns, {
    rooms: judge === undefined ? [writer] : [writer, (read) => roomToJudge(judge, read)],
    reserve: settings.maxTokens + (mayThink ? settings.thinkingBudget : 0),
    // Half, as llama.cpp's own: what is left has to be read anew, about once for each token that is said.
    step: Math.ceil(contextSize / 2),
  });
}

/** How long an answer to these turns may be for a judge: below 1 where there is no room for any. */
export function roomToJudge(judge: AnswerJudge, turns: readonly Turn[]): number {
  try {
    return judge.longestAnswer(judge.conversation(turns));
  } catch (error) {
    if (error instanceof ContextFullError) return error.contextSize - error.needed;
    throw error;
  }
}

/**
 * The turns without the oldest of them, where all together leave less room than is to be kept free. Whole exchanges go: a question with all that follows up
 * to the next one; behind the last question, which stays, a call with its results. The system's turns stay. Tokens go in steps, counted from the beginning of
 * the conversation: while it grows by less than a step, what is left begins at the same turn, and is found in the cache.
 */
export function shiftedTurns(turns: readonly Turn[], { rooms: given, reserve, step }: ContextShift): readonly Turn[] {
  const cuts = cutsOf(turns);
  const most = cuts.length - 1;
  const left = (cut: number) => withoutOldest(turns, cuts[cut] as number);
  const rooms = given.map((room) => remembered((cut) => room(left(cut))));
  if (rooms.every((room) => room(0) >= reserve)) return turns;
  const missing = rooms.map((room) => Math.max(0, Math.min(reserve, Math.floor(room(most) / 2)) - room(0)));
  if (missing.every((tokens) => tokens === 0)) return turns;
  for (let size = step; size >= 1; size = Math.floor(size / 2)) {
    const isEnough = (cut: number) => rooms.every((room, index) => room(cut) - room(0) >= roundedUp(missing[index] as number, size));
    if (isEnough(most)) return left(firstWhere(isEnough, most));
  }
  // It is too long all the same, and will be refused.
  return left(most);
}

/** Places before which the oldest turns may go, the beginning among them, in their order. No result loses its call. */
function cutsOf(turns: readonly Turn[]): readonly number[] {
  const lastQuestion = turns.findLastIndex(({ role }) => role === "user");
  const pairs = turns.flatMap(({ role, callId }, result) =>
    role === "tool"
      ? [{ result, call: turns.findLastIndex(({ calls = [] }, index) => index < result && calls.some(({ id }) => id === callId)) }]
      : [],
  );
  const places = turns.flatMap(({ role }, index) => (role === (index > lastQuestion ? "assistant" : "user") ? [index] : []));
  return [0, ...places.filter((place) => place > 0 && !pairs.some(({ call, result }) => call < place && place <= result))];
}

/** The turns from there on, with the system's and the last question, wherever these stand. What the first turn says of all of them, the first one says then. */
function withoutOldest(turns: readonly Turn[], start: number): readonly Turn[] {
  const lastQuestion = turns.findLastIndex(({ role }) => role === "user");
  const left = turns.filter(({ role }, index) => index >= start || role === "system" || index === lastQuestion);
  const { tools, thinks }: Partial<Turn> = turns[0] ?? {};
  const ofAll = { ...(tools === undefined ? {} : { tools }), ...(thinks === undefined ? {} : { thinks }) };
  return left.map((turn, index) => (index === 0 ? { ...turn, ...ofAll } : turn));
}

/** The same function, which computes each value once. */
function remembered(compute: (place: number) => number): (place: number) => number {
  const known = new Map<number, number>();
  return (place) => {
    const value = known.get(place) ?? compute(place);
    known.set(place, value);
    return value;
  };
}

/** The smallest number up to `most` for which it holds, given that it holds for all that are larger. */
function firstWhere(holds: (number: number) => boolean, most: number): number {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}

function roundedUp(tokens: number, step: number): number {
  return Math.ceil(tokens / step) * step;
}
