import type { Token } from "../engine.ts";

/**
 * How many tokens are chosen together behind `depth` token sets of the answer: few where its course is set, more later.
 * The last length holds for all that follow.
 */
export function tokenSetLength(depth: number, lengths: readonly number[]): number {
  return lengths[Math.min(depth, lengths.length - 1)] ?? 1;
}

export function isSameTokenSet(left: readonly Token[], right: readonly Token[]): boolean {
  return left.length === right.length && left.every((token, index) => token === right[index]);
}
