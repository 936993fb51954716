/** How options are checked, of an answer and of an engine: by a table of rules, with one form of complaint. */
import { complaint, OptionError } from "./errors.ts";

/** What the value of an option must be. */
export interface Rule {
  /** Completes "Expected `name` to be ...". */
  readonly expected: string;
  readonly isMet: (value: unknown) => boolean;
}

export const positive: Rule = { expected: "a positive integer", isMet: (value) => Number.isSafeInteger(value) && Number(value) > 0 };
export const natural: Rule = { expected: "a non-negative integer", isMet: (value) => Number.isSafeInteger(value) && Number(value) >= 0 };
export const callback: Rule = { expected: "a function", isMet: (value) => typeof value === "function" };
export const signal: Rule = { expected: "an AbortSignal", isMet: (value) => value instanceof AbortSignal };

/** A seed. */
export const uint32: Rule = integerBetween(0, 2 ** 32 - 1);
export const flag: Rule = oneOf([true, false]);

export function between(low: number, high: number): Rule {
  return { expected: `a number from ${low} to ${high}`, isMet: (value) => typeof value === "number" && value >= low && value <= high };
}

export function integerBetween(low: number, high: number): Rule {
  const isWithin = between(low, high).isMet;
  return { expected: `an integer from ${low} to ${high}`, isMet: (value) => Number.isSafeInteger(value) && isWithin(value) };
}

export function oneOf(values: readonly unknown[]): Rule {
  return { expected: `one of ${values.map((value) => `\`${value}\``).join(", ")}`, isMet: (value) => values.includes(value) };
}

export function isAtLeastZero(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && Number.isFinite(value);
}

/**
 * What is `undefined` counts as left out.
 *
 * @throws {OptionError} for an unknown name (with a guess at the known one) or a value that breaks its rule
 */
export function checkByRules(options: object, rules: Readonly<Record<string, Rule>>): void {
  if (!isRecord(options)) throw new OptionError("options", complaint("options", "an object", options), options);
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) throw new OptionError(name, unknownName(name, Object.keys(rules)), value);
    if (!rule.isMet(value)) throw new OptionError(name, complaint(name, rule.expected, value), value);
  }
}

/** For the end of a complaint about an unknown name: a guess at the known one that was meant, where one is near enough; else nothing. */
export function didYouMean(name: string, known: readonly string[]): string {
  const [nearest] = known
    .map((candidate) => ({ candidate, edits: editDistance(name, candidate) }))
    .filter(({ candidate, edits }) => edits <= Math.max(SLIPS, candidate.length / 3) && edits < candidate.length)
    .sort((left, right) => left.edits - right.edits);
  return nearest === undefined ? "" : ` (did you mean \`${nearest.candidate}\`?)`;
}

/** Edits that a slip of the fingers takes at most, in a short word too. */
const SLIPS = 2;

function unknownName(name: string, known: readonly string[]): string {
  return `Expected known options, got \`${name}\`${didYouMean(name, known)}`;
}

/** Whether it is an object with names and values. */
export function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Insertions, deletions and replacements between two words (Levenshtein), upper and lower case alike. */
function editDistance(left: string, right: string): number {
  const [from, to] = [left.toLowerCase(), right.toLowerCase()];
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}
