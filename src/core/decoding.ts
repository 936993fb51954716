/**
 * All that is asked of a model, in terms of the one thing that an engine does: say what it expects behind prefixes (`Engine.next`). How tokens are
 * drawn, in lock-step and under a format, is written here, once for all engines.
 */
import type { Call, Continuation, Engine, Lookahead, Prefix, Priming, Question, SampledToken, Token, TokenCandidate } from "./engine.ts";
import { beginFormatted, candidatesBehind, firstRead, type Lookout } from "./format-mask.ts";
import { processedBehind } from "./logits-processing.ts";
import type { FormattedText } from "./output-format.ts";
import { drawToken, softmax, withProbabilities } from "./sampler.ts";

/** Candidates that are read behind a primed prefix: what continues it with a `topK` up to this finds them. */
const PRIMED_TOP_K = 64;

/** Computes these prefixes now, in one batch, and what a continuation asks first behind them, so that what follows finds all of it in the cache. One alone is read exactly. */
export async function prime(engine: Engine, prefixes: readonly Prefix[], call: Call, priming: Priming = {}): Promise<void> {
  const { keep: isKept = false, format, processing, writtenFrom } = priming;
  const queries = prefixes.map((prefix) => {
    const text = beginFormatted(engine, { prefix, format });
    const processed = processedBehind(prefix, processing, engine);
    return { prefix, isKept, isExact: prefixes.length === 1, writtenFrom, ...firstRead({ topK: PRIMED_TOP_K, text, processed }) };
  });
  const read = await engine.next(queries, call);
  // A model whose numbers are none is found out here, before anything is written.
  for (const [index, { likeliest: found }] of read.entries()) if (found.length > 0) withProbabilities(found, prefixes[index]?.length ?? 0);
}

/**
 * One continuation, token by token. Between two tokens the caller may ask the engine other things, also about this very
 * prefix. Leaving the loop early frees what it held.
 */
export async function* generate(engine: Engine, continuation: Continuation, call: Call): AsyncGenerator<SampledToken, void, void> {
  const { sampling, processing, maxTokens, until, writtenFrom = continuation.prefix.length } = continuation;
  const prefix = [...continuation.prefix];
  const drawn: Token[] = [];
  let text = beginFormatted(engine, continuation);
  const held = engine.hold(prefix);
  try {
    while (drawn.length < maxTokens) {
      const processed = processedBehind(prefix, processing, engine);
      const [candidates = []] = await candidatesBehind(
        engine,
        [{ prefix, topK: sampling.topK, text, processed, writtenFrom, isExact: true }],
        call,
      );
      const sampled = drawToken(candidates, prefix.length, sampling);
      prefix.push(sampled.token);
      drawn.push(sampled.token);
      text = text?.after(sampled.token);
      const isLast = engine.tokenizer.isEnd(sampled.token) || until?.(drawn) === true;
      yield sampled;
      if (isLast) return;
    }
  } finally {
    held[Symbol.dispose]();
  }
}

/** One continuation and what it has drawn. */
interface Member {
  readonly continuation: Continuation;
  readonly drawn: SampledToken[];
  readonly tokens: Token[];
}

/** Continuations that have drawn the same tokens so far, under the same format: one row of the batch, until they part. */
interface Branch {
  /** Grows with each token. */
  readonly prefix: Token[];
  readonly text: FormattedText | undefined;
  readonly members: readonly Member[];
  /** `undefined` while there is no room for it. */
  held: Disposable | undefined;
}

/**
 * Draws several continuations in lock-step: one token of each in one decode call. Branches for which there is no room wait until others
 * have ended; then they go on where they were. What is drawn depends on prefix and seed alone, so that makes no difference.
 */
export async function sampleMany(engine: Engine, continuations: readonly Continuation[], call: Call): Promise<SampledToken[][]> {
  const members = continuations.map((continuation): Member => ({ continuation, drawn: [], tokens: [] }));
  let branches = alike(members).map((group) => startOf(engine, group));
  try {
    while (branches.length > 0) {
      await makeRoom(engine, branches, call);
      const written = branches.filter(({ held }) => held !== undefined);
      const waiting = branches.filter(({ held }) => held === undefined);
      const lookouts = written.map((branch) => lookoutOf(branch, engine));
      const candidates = await candidatesBehind(engine, lookouts, call);
      branches = [...written.flatMap((branch, index) => advance(engine, branch, candidates[index] ?? [])), ...waiting];
    }
  } finally {
    for (const branch of branches) leave(branch);
  }
  return members.map(({ drawn }) => drawn);
}

function startOf(engine: Engine, members: readonly Member[]): Branch {
  const [{ continuation }] = members as [Member];
  return { prefix: [...continuation.prefix], text: beginFormatted(engine, continuation), members, held: undefined };
}

/** Continuations of the same prefix under the same constraints, together. */
function alike(members: readonly Member[]): Member[][] {
  return groupBy(members, ({ continuation }) => continuation.prefix.join(" "))
    .flatMap((group) => groupBy(group, ({ continuation }) => continuation.format))
    .flatMap((group) => groupBy(group, ({ continuation }) => continuation.formatStart))
    .flatMap((group) => groupBy(group, ({ continuation }) => continuation.processing));
}

/** Holds the prefixes of as many branches as there is room for. It waits only if none is held, so that no two requests wait for each other. */
async function makeRoom(engine: Engine, branches: readonly Branch[], { signal }: Call): Promise<void> {
  const room = Room.of(engine);
  const { isSerial = false } = engine.facts;
  let isHeld = branches.some(({ held }) => held !== undefined);
  for (const branch of branches) {
    if (branch.held !== undefined) continue;
    if (!isHeld) await room.take(signal);
    else if (isSerial || !room.tryTake()) return;
    branch.held = room.holding(engine.hold(branch.prefix));
    isHeld = true;
  }
}

function lookoutOf({ prefix, text, members }: Branch, engine: Engine): Lookout {
  const [{ continuation }] = members as [Member];
  const topK = Math.max(...members.map((member) => member.continuation.sampling.topK));
  const { processing, writtenFrom = continuation.prefix.length } = continuation;
  return { prefix, text, topK, processed: processedBehind(prefix, processing, engine), writtenFrom };
}

/** Each member draws its next token. Those that drew the same one stay together; the first of the groups stays in the branch, the others part from it. */
function advance(engine: Engine, branch: Branch, candidates: readonly TokenCandidate[]): Branch[] {
  const { prefix, text, members } = branch;
  for (const { continuation, drawn, tokens } of members) {
    const { sampling } = continuation;
    const sampled = drawToken(candidates.slice(0, sampling.topK), prefix.length, sampling);
    drawn.push(sampled);
    tokens.push(sampled.token);
  }
  const going = groupBy(
    members.filter((member) => !hasEnded(member, engine)),
    ({ tokens }) => tokens.at(-1) as Token,
  );
  if (going.length === 0) leave(branch);
  const before = [...prefix];
  return going.map((group, index) => {
    const token = group[0]?.tokens.at(-1) as Token;
    if (index === 0) prefix.push(token);
    const grown = { members: group, text: text?.after(token) };
    return index === 0 ? { ...branch, ...grown } : { ...grown, prefix: [...before, token], held: undefined };
  });
}

function hasEnded({ continuation: { maxTokens, until }, tokens }: Member, engine: Engine): boolean {
  return engine.tokenizer.isEnd(tokens.at(-1) as Token) || tokens.length >= maxTokens || until?.(tokens) === true;
}

function leave(branch: Branch): void {
  branch.held?.[Symbol.dispose]();
}

/**
 * The `count` likeliest next tokens, likeliest first, each with its probability among them; fewer where the vocabulary is
 * smaller, or the format allows fewer. Nothing is drawn. An end token may be among them.
 */
export async function likeliest(engine: Engine, lookahead: Lookahead, call: Call): Promise<SampledToken[]> {
  const { prefix, count, processing, writtenFrom } = lookahead;
  const processed = processedBehind(prefix, processing, engine);
  const lookout = { prefix, topK: count, text: beginFormatted(engine, lookahead), processed, writtenFrom };
  const [candidates = []] = await candidatesBehind(engine, [lookout], call);
  return withProbabilities(candidates, prefix.length);
}

/** For each question the probability of each candidate, given that it is one of them (they sum to 1). One batch. */
export async function compare(engine: Engine, questions: readonly Question[], call: Call): Promise<number[][]> {
  const queries = questions.map(({ prefix, candidates }) => ({ prefix, tokens: candidates }));
  return (await engine.next(queries, call)).map(({ logits }) => softmax(logits));
}

/** In the order in which the keys first appear. */
function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Item[][] {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

/** How many prefixes are written behind at once, by all requests to an engine together: as many as it keeps. More would push each other out of its cache. */
class Room {
  /** By what engines say of themselves: one that was wrapped shares the room of what is in it. */
  static readonly #rooms = new WeakMap<Engine["facts"], Room>();
  #free: number;
  #waiting: (() => void)[] = [];

  static of(engine: Engine): Room {
    const room = Room.#rooms.get(engine.facts) ?? new Room(engine.facts.sequences ?? Number.POSITIVE_INFINITY);
    Room.#rooms.set(engine.facts, room);
    return room;
  }

  private constructor(size: number) {
    this.#free = size;
  }

  /** Takes a place if one is free. */
  tryTake(): boolean {
    if (this.#free === 0) return false;
    this.#free--;
    return true;
  }

  /** Takes a place, and waits for it. Rejects with the signal's reason. */
  async take(signal: AbortSignal | undefined): Promise<void> {
    for (signal?.throwIfAborted(); !this.tryTake(); signal?.throwIfAborted()) {
      await new Promise<void>((resolve) => {
        const look = () => {
          signal?.removeEventListener("abort", look);
          resolve();
        };
        this.#waiting.push(look);
        signal?.addEventListener("abort", look, { once: true });
      });
    }
  }

  /** What is held in a place that was taken: let go of, it leaves the place to others. */
  holding(held: Disposable): Disposable {
    let isLeft = false;
    return {
      [Symbol.dispose]: () => {
        if (isLeft) return;
        isLeft = true;
        held[Symbol.dispose]();
        this.#free++;
        for (const look of this.#waiting.splice(0)) look();
      },
    };
  }
}
