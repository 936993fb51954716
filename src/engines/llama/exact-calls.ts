/**
 * How a prefix is cut into decode calls where its numbers are to be the same to the last digit. They differ there with the call that computes a token, so
 * each call follows from the prefix alone, whatever of it is in the cache already (`docs/decisions/0028-same-seed-same-text.md`).
 */
import type { NextTokenQuery } from "../../core/engine.ts";
import type { Meter } from "../../core/meter.ts";
import type { KvCache, PrefixLease } from "./kv-cache.ts";
import type { Evaluation, ReadingPlan, Slot } from "./slot.ts";

/**
 * What is read as a whole is cut behind so many tokens: whatever of it is in the cache already, the same calls are made for the rest. As kernels take
 * tokens in groups of 4, 8 or 16, what is computed in one call of several such blocks is the same.
 */
const BLOCK = 16;

/** Who asks, and under which lease. */
interface Asking {
  readonly lease: PrefixLease | undefined;
  readonly meter: Meter;
}

/** Cuts what is asked for exactly: a prompt into blocks, what was written into single tokens, and a question about it is a call of its own. */
export class ExactCalls {
  /** Whether all is exact, and no call shared. */
  readonly deterministic: boolean;
  readonly #cache: KvCache;
  readonly #batchSize: number;

  /** @param batchSize the most tokens of one call */
  constructor({
    cache,
    batchSize,
    deterministic,
  }: { readonly cache: KvCache; readonly batchSize: number; readonly deterministic: boolean }) {
    this.#cache = cache;
    this.#batchSize = batchSize;
    this.deterministic = deterministic;
  }

  /** How each token of a prefix is to be computed; `undefined`: as it comes. */
  callEndIn({ prefix, isExact = false, writtenFrom = prefix.length }: NextTokenQuery, { lease, meter }: Asking): ReadingPlan["callEnd"] {
    const start = isExact || this.deterministic ? Math.min(writtenFrom, prefix.length) : undefined;
    if (lease !== undefined && start !== undefined) lease.exact ??= { meter, start, callEnds: [] };
    // What cannot drop a token cannot compute it once more in another way.
    if (this.#cache.slots[0]?.needsCheckpoints === true) return undefined;
    const { tokens, exact } = lease ?? this.#cache.leases.onTheWay(prefix, meter) ?? { tokens: prefix, exact: undefined };
    const text = exact ?? (start === undefined ? undefined : { start, callEnds: [] });
    if (text === undefined) return undefined;
    const { length } = tokens;
    return (index) => {
      // A question about the text.
      if (index >= length) return this.deterministic ? blockEnd(index, length, prefix.length) : undefined;
      const known = text.callEnds[index];
      // What was computed in company is not computed again for it: who runs beside others has no promise.
      if (known !== undefined) return known === 0 ? undefined : known;
      return index < text.start ? blockEnd(index, 0, text.start) : index + 1;
    };
  }

  /** A generation's tokens stay as they were computed. */
  remember(lease: PrefixLease | undefined, { callEnds }: Slot, length: number): void {
    if (lease?.exact !== undefined) lease.exact.callEnds = callEnds.slice(0, length);
  }

  /** Where the call ends that begins here and has to be just so. Whole blocks go together, unless what computes is not known to do the same with them. */
  endOf({ prefix, callEnd }: ReadingPlan, start: number): number {
    let end = callEnd?.(start) ?? prefix.length;
    const isBlock = end - start === BLOCK && !this.deterministic;
    while (isBlock && end < prefix.length && callEnd?.(end) === end + BLOCK && end + BLOCK - start <= this.#batchSize) end += BLOCK;
    return end;
  }

  /**
   * Whether these tokens keep others out of their call. A generation's step may share it with others' steps. What is read as a whole may not: that would
   * cut it in other places.
   */
  isApart({ tokens, callEnd }: Pick<Evaluation, "tokens"> & Pick<ReadingPlan, "callEnd">): boolean {
    return callEnd !== undefined && (tokens.length > 1 || this.deterministic);
  }
}

/** Blocks from `start` on; the last one ends with the text. */
function blockEnd(index: number, start: number, end: number): number {
  return Math.min(end, index + BLOCK - ((index - start) % BLOCK));
}

/** The most tokens, up to `length`, that are whole calls. */
export function wholeCalls(length: number, callEnd: ReadingPlan["callEnd"]): number {
  let whole = length;
  while (whole > 0 && (callEnd?.(whole - 1) ?? whole) > whole) whole--;
  return whole;
}

/** Where the next token stands that is to be computed in a certain call. */
export function nextExact({ prefix, callEnd }: ReadingPlan, start: number): number {
  if (callEnd === undefined) return prefix.length;
  const found = prefix.findIndex((_, index) => index >= start && callEnd(index) !== undefined);
  return found < 0 ? prefix.length : found;
}
