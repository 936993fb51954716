/** Computes prefixes, a batch at a time. */
import type { LlamaContext } from "node-llama-cpp";
import type { Call, NextTokenQuery, NextTokens, Passage } from "../../core/engine.ts";
import { ContextFullError, EngineError } from "../../core/errors.ts";
import type { Purpose } from "../../core/meter.ts";
import { ExactCalls, nextExact, wholeCalls } from "./exact-calls.ts";
import { failure } from "./failure.ts";
import type { Claim, KvCache, PrefixLease } from "./kv-cache.ts";
import { type BatchRow, Rounds } from "./rounds.ts";
import { commonLength, type Evaluation, type ReadingPlan, type Slot, type Wanted } from "./slot.ts";
import type { Threads } from "./threads.ts";

/** A prefix to compute, which needs a slot now or later. */
interface Query extends ReadingPlan {
  readonly wanted: Wanted | undefined;
  /** The lease of the prefix, if it is held. */
  readonly lease?: PrefixLease | undefined;
  /** `undefined` until a slot is free for it. Then it holds a part of the prefix already. */
  slot: Slot | undefined;
}

type SlottedQuery = Query & { slot: Slot };

/** As many tokens of one query as one decode call computes. */
interface Portion extends Evaluation {
  readonly slot: Slot;
  /** Where the call ends that is to compute a token with nothing else in it; missing where any call will do. */
  readonly callEnd?: ReadingPlan["callEnd"];
  /** Whether it is a token that a generation would compute itself. All else, such as a question about a draft, begins where the next request comes back to. */
  readonly isStep: boolean;
  /** For models that cannot rewind freely: what is computed next may come back to the end of this portion. */
  readonly isReturnPoint: boolean;
}

/** Tokens saved for which it pays to compute a common stem first, in a decode call of its own, and copy it. */
const WORTH_A_STEM = 8;

const NOTHING: Wanted = { topK: 0, logitsOf: [], hasOwnLogits: false };

export interface BatcherParts {
  readonly context: LlamaContext;
  readonly cache: KvCache;
  readonly threads: Threads;
  readonly vocabularySize: number;
  /** Whether all is to be the same to the last digit, and no call shared. */
  readonly deterministic: boolean;
  /** Throws once the engine is disposed. */
  readonly ensureOpen: () => void;
}

export class Batcher {
  readonly #context: LlamaContext;
  readonly #cache: KvCache;
  readonly #vocabularySize: number;
  readonly #exact: ExactCalls;
  readonly #ensureOpen: () => void;
  readonly #rounds: Rounds;

  constructor({ context, cache, threads, vocabularySize, deterministic, ensureOpen }: BatcherParts) {
    this.#context = context;
    this.#cache = cache;
    this.#vocabularySize = vocabularySize;
    this.#exact = new ExactCalls({ cache, batchSize: context.batchSize, deterministic });
    this.#ensureOpen = ensureOpen;
    this.#rounds = new Rounds((tokens) => threads.chooseFor(tokens));
  }

  /** The longest prefix: with the last cell filled, the library would begin to drop tokens from the front. */
  get contextSize(): number {
    return this.#context.contextSize - 1;
  }

  /** Reads behind each prefix, as one batch where there are slots enough. */
  async next(queries: readonly NextTokenQuery[], call: Call): Promise<NextTokens[]> {
    const { leases } = this.#cache;
    const all = queries.map((query) => {
      const { prefix, topK = 0, tokens = [], hasOwnLogits = false, isKept = false } = query;
      const wanted: Wanted = { topK: Math.min(topK, this.#vocabularySize), logitsOf: tokens, hasOwnLogits };
      const lease = leases.of(prefix);
      // What its holder asks now, it will ask again behind its next token.
      if (lease !== undefined) lease.wanted = wanted;
      const callEnd = this.#exact.callEndIn(query, { lease, meter: call.meter });
      return { prefix, callEnd, wanted, isKept, lease, slot: undefined as Slot | undefined };
    });
    const found = new Map<Query, NextTokens>();
    let open = all;
    try {
      while (open.length > 0) {
        await this.#claimMany(open, call);
        const ready = open.filter(hasSlot);
        await this.#read(ready, call);
        for (const query of ready) {
          const { prefix, wanted, isKept, lease, slot } = query;
          found.set(query, slot.next(prefix.length, wanted));
          if (lease !== undefined) lease.slot = slot;
          this.#exact.remember(lease, slot, prefix.length);
          if (isKept) leases.pin(prefix, slot);
        }
        open = open.filter(({ slot }) => slot === undefined);
        this.#releaseAll(ready);
      }
    } finally {
      this.#releaseAll(all);
    }
    return all.map((query) => found.get(query) as NextTokens);
  }

  /** What is expected in the place of each token. The last one is not computed: nothing behind it is asked about. */
  async distributions({ prefix, tokens, isAfresh = false }: Passage, call: Call): Promise<Float32Array[]> {
    this.#ensureRoom(prefix.length + tokens.length - 1);
    const before = prefix.slice(0, -1);
    // A slot for a prefix of nothing is an empty one.
    const slot = await this.#claimOne({ prefix: isAfresh ? [] : before, wanted: undefined }, call.signal);
    try {
      await this.#read([{ prefix: before, slot, wanted: undefined }], call);
      const inputs = [...prefix.slice(-1), ...tokens.slice(0, -1)];
      const found: Float32Array[] = [];
      while (found.length < inputs.length) {
        const portion = inputs.slice(found.length, found.length + this.#context.batchSize);
        const row = { sequence: slot.index, tokens: portion.length, work: () => slot.distributions(portion) };
        const [distributions = []] = await this.#decode([row], { slots: [slot], isApart: this.#exact.deterministic }, call);
        slot.append(portion);
        found.push(...distributions);
      }
      return found;
    } finally {
      this.#cache.release(slot);
    }
  }

  /** Claims a slot; waits while none is free. */
  async #claimOne(claim: Claim, signal: AbortSignal | undefined): Promise<Slot> {
    for (;;) {
      signal?.throwIfAborted();
      this.#ensureOpen();
      const slot = this.#cache.claim(claim);
      if (slot !== undefined) return await slot;
      await this.#cache.freed(signal);
    }
  }

  /**
   * Gives slots to as many of the queries as there are slots free. It waits only if no query has one, so that two calls never wait for
   * each other. What all prefixes share is computed once. On failure no query has a slot.
   */
  async #claimMany(queries: readonly Query[], call: Call): Promise<void> {
    const claimed: Slot[] = [];
    try {
      for (const [index, query] of this.#mostReachFirst(queries).entries()) {
        const claim = { prefix: query.prefix, callEnd: query.callEnd, wanted: query.wanted, lease: query.lease, claimed };
        query.slot = claimed.length === 0 ? await this.#claimOne(claim, call.signal) : await this.#cache.claim(claim);
        if (query.slot === undefined) continue;
        claimed.push(query.slot);
        if (index === 0 && queries.length > 1) await this.#readStem(queries, query.slot, call);
      }
    } catch (cause) {
      this.#releaseAll(queries);
      throw cause;
    }
  }

  #releaseAll(queries: readonly Query[]): void {
    for (const query of queries) {
      if (query.slot !== undefined) this.#cache.release(query.slot);
      query.slot = undefined;
    }
  }

  /** The query that can reuse most chooses first: no other one then evicts what it would have found. */
  #mostReachFirst(queries: readonly Query[]): Query[] {
    return queries
      .map((query) => ({ query, reach: this.#cache.reach(query) }))
      .sort((left, right) => right.reach - left.reach)
      .map(({ query }) => query);
  }

  /** Computes what all prefixes share in the first slot that was claimed; the others copy it from there. */
  async #readStem(queries: readonly Query[], slot: Slot, call: Call): Promise<void> {
    const [{ prefix, callEnd }, ...others] = queries as [Query, ...Query[]];
    // Each prefix keeps a token to compute, behind which it learns what it wants.
    const shortest = Math.min(...queries.map((query) => query.prefix.length));
    const common = others.reduce((length, other) => Math.min(length, commonLength(other.prefix, prefix)), shortest - 1);
    const shared = wholeCalls(common, callEnd);
    const reached = (other: Query) => Math.max(this.#cache.reach(other), slot.tokens.length);
    const saved = others.reduce((sum, other) => sum + Math.max(0, shared - reached(other)), 0);
    // What takes a call of its own is dear even where it is a single token.
    const isApart = callEnd?.(shared - 1) !== undefined;
    if (saved >= (isApart ? 1 : WORTH_A_STEM))
      await this.#read([{ prefix: prefix.slice(0, shared), callEnd, slot, wanted: undefined }], call);
  }

  /** What the queries want to learn, their slots remember. An abort or a closed engine ends it between two decode calls. */
  async #read(queries: readonly SlottedQuery[], call: Call): Promise<void> {
    this.#ensureRoom(Math.max(0, ...queries.map(({ prefix }) => prefix.length)));
    const reading = new Set<Slot>();
    for (;;) {
      call.signal?.throwIfAborted();
      this.#ensureOpen();
      const portions = this.#portions(queries, call);
      if (portions.length === 0) return;
      for (const { slot, isStep } of portions) {
        if (isStep || reading.has(slot)) continue;
        reading.add(slot);
        await slot.takeCheckpoint();
      }
      const rows = portions.map((portion) => {
        const work = async (isAlone: boolean) => ({ learned: await portion.slot.evaluate(portion), isAlone });
        return { sequence: portion.slot.index, tokens: portion.tokens.length, work };
      });
      const slots = portions.map(({ slot }) => slot);
      const isApart = portions.some((portion) => this.#exact.isApart(portion));
      for (const [index, { learned, isAlone }] of (await this.#decode(rows, { slots, isApart }, call)).entries()) {
        const { slot, tokens, callEnd, isReturnPoint } = portions[index] as Portion;
        slot.append(tokens, learned, isAlone ? callEnd : undefined);
        if (isReturnPoint) await slot.takeCheckpoint();
      }
    }
  }

  /** @throws {ContextFullError} for a prefix that is longer than the context */
  #ensureRoom(needed: number): void {
    if (needed > this.contextSize) throw new ContextFullError(needed, this.contextSize);
  }

  /** What the next decode call computes: as much as fits into one batch. What is to be computed alone has a call of its own. */
  #portions(queries: readonly SlottedQuery[], { purpose }: Call): Portion[] {
    let room = this.#context.batchSize;
    const inOrder = queries.toSorted((left, right) => left.slot.index - right.slot.index);
    const exact = inOrder.find(
      ({ slot, prefix, callEnd }) => slot.tokens.length < prefix.length && callEnd?.(slot.tokens.length) !== undefined,
    );
    if (exact !== undefined) return [this.#portion(exact, { room, purpose })];
    return inOrder.flatMap((query) => {
      const portion = this.#portion(query, { room, purpose });
      room -= portion.tokens.length;
      return portion.tokens.length === 0 ? [] : [portion];
    });
  }

  #portion(query: SlottedQuery, { room, purpose }: { readonly room: number; readonly purpose: Purpose }): Portion {
    const { prefix, callEnd, slot, wanted = NOTHING, lease } = query;
    const start = slot.tokens.length;
    const along = this.#readAlong(query);
    const isExact = callEnd?.(start) !== undefined;
    // A portion ends where a paused generation will go on. Its last token is so computed alone, as in plain decoding: in one batch
    // with a question its logits would differ in the last digits, and now and then draw another token.
    const parting = slot.partsAt > start ? slot.partsAt : prefix.length;
    const firstReturn = Math.min(prefix.length, parting, ...along.keys());
    const end = isExact ? this.#exact.endOf(query, start) : Math.min(firstReturn, start + room, nextExact(query, start));
    return {
      ...bothOf(end === prefix.length ? wanted : NOTHING, along.get(end) ?? NOTHING),
      slot,
      ...(isExact ? { callEnd } : {}),
      tokens: prefix.slice(start, end),
      isStep: end - start === 1 && (lease !== undefined || along.has(end)),
      // The steps of a generation are no return points: a checkpoint for each would push out those that are.
      isReturnPoint:
        end === slot.partsAt ||
        (lease === undefined && along.has(end)) ||
        (end === prefix.length && end - start > 1 && !isQuestion(query, purpose)),
    };
  }

  /** Lengths at which a paused generation will go on, and what it wants to know there: reading it along saves computing them again. */
  #readAlong({ prefix, slot }: SlottedQuery): Map<number, Wanted> {
    const along = new Map<number, Wanted>();
    for (const lease of this.#cache.leases) {
      const { tokens, wanted } = lease;
      const at = tokens.length;
      // A question right where a generation stands leaves that token to it, should it come back to this slot.
      const isOnTheWay = at < prefix.length || (at === prefix.length && lease.slot === slot);
      if (wanted !== undefined && at > slot.tokens.length && isOnTheWay && commonLength(tokens, prefix) === at)
        along.set(at, bothOf(wanted, along.get(at) ?? NOTHING));
    }
    return along;
  }

  async #decode<Found>(
    rows: readonly BatchRow<Found>[],
    { slots, isApart }: { readonly slots: readonly Slot[]; readonly isApart: boolean },
    call: Call,
  ): Promise<Found[]> {
    const check = () => {
      call.signal?.throwIfAborted();
      this.#ensureOpen();
    };
    const outcomes = await this.#rounds.join(rows, check, isApart);
    const rejected = outcomes.find((outcome) => outcome.status === "rejected");
    if (rejected !== undefined) await this.#giveUp(slots, rejected.reason);
    const tokens = rows.reduce((sum, row) => sum + row.tokens, 0);
    call.meter.record(call.purpose, tokens, 1);
    return outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  }

  /** What the sequences hold after a failed decode is not known: they start afresh. */
  async #giveUp(slots: readonly Slot[], cause: unknown): Promise<never> {
    this.#ensureOpen();
    await Promise.allSettled(slots.map((slot) => slot.clear()));
    throw cause instanceof EngineError ? cause : failure("decode-failed", `the model to compute ${slots.length} prefixes`, cause);
  }
}

/** What is asked, and not read for others to go on from: nothing comes back to its end. */
function isQuestion({ wanted }: Query, purpose: Purpose): boolean {
  return purpose === "evaluate" && wanted !== undefined;
}

function hasSlot<Q extends Query>(query: Q): query is Q & SlottedQuery {
  return query.slot !== undefined;
}

function bothOf(one: Wanted, other: Wanted): Wanted {
  return {
    topK: Math.max(one.topK, other.topK),
    logitsOf: [...new Set([...one.logitsOf, ...other.logitsOf])],
    hasOwnLogits: one.hasOwnLogits || other.hasOwnLogits,
  };
}
