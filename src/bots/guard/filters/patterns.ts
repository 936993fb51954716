/** Regular expressions of administrators, by RE2: the time that one takes grows with the text and no faster, whatever it says. */
import { LRUCache } from "lru-cache";
import { RE2JS, RE2JSException } from "re2js";

/** States of all patterns of a guild together: the time that they take is at most this times the length of the text. */
const MOST_STATES = 1000;

/** Characters of a text that are looked at: a whole message, and the beginning of a file. */
const LONGEST_READ = 4000;

/** Patterns that are kept ready, of all guilds. */
const MOST_READY = 2000;

const ready = new LRUCache<string, RE2JS>({ max: MOST_READY });

/** Why a pattern cannot be used, for people. `undefined`: it can. */
export function patternProblem(pattern: string): string | undefined {
  const states = statesOf(pattern);
  if (typeof states === "string") return states;
  return states > MOST_STATES ? `it is too large (${states} states, where ${MOST_STATES} are the most)` : undefined;
}

/** Whether patterns are not too large together; one that is none does not count. */
export function fitTogether(patterns: readonly string[]): boolean {
  const states = patterns.map(statesOf).filter((count) => typeof count === "number");
  return states.reduce((sum, count) => sum + count, 0) <= MOST_STATES;
}

/** Or why it has none. */
function statesOf(pattern: string): number | string {
  try {
    return compiled(pattern).programSize();
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return error.message.replace(/^error parsing regexp: /, "").replace("`(?i)", "`");
  }
}

/** Whether it is found anywhere in a text, in capitals or not. */
export function matches(pattern: string, text: string): boolean {
  return compiled(pattern).test(text.slice(0, LONGEST_READ));
}

function compiled(pattern: string): RE2JS {
  const known = ready.get(pattern) ?? RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE);
  ready.set(pattern, known);
  return known;
}
