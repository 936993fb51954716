import type { LlamaContext } from "node-llama-cpp";
import { ContextFullError, EngineError } from "../errors.ts";
import type { Call, Prefix } from "./engine.ts";
import type { Evaluated, Evaluation } from "./llama-evaluate.ts";
import { failure } from "./llama-failure.ts";
import { Rounds } from "./llama-rounds.ts";
import { commonLength, type Slot } from "./llama-slot.ts";
import type { SlotPool, Wanted } from "./llama-slot-pool.ts";
import type { Threads } from "./llama-threads.ts";

/** Something to compute: all of `prefix` that its slot lacks. */
export interface Reading {
  readonly prefix: Prefix;
  /** Claimed by the caller; holds a part of the prefix already. */
  readonly slot: Slot;
  readonly wanted: Wanted | undefined;
}

/** One reading's share of one decode. What it learns besides logits, its slot remembers. */
interface Portion extends Evaluation {
  readonly reading: Reading;
  /** For models that cannot rewind freely: somebody will come back to the end of this portion. */
  readonly isReturnPoint: boolean;
}

/** Computes tokens, a batch at a time. */
export class Decoder {
  readonly #context: LlamaContext;
  readonly #pool: SlotPool;
  readonly #rounds: Rounds;
  readonly #ensureOpen: () => void;

  constructor(parts: { context: LlamaContext; pool: SlotPool; threads: Threads; ensureOpen: () => void }) {
    this.#context = parts.context;
    this.#pool = parts.pool;
    this.#rounds = new Rounds((tokens) => parts.threads.chooseFor(tokens));
    this.#ensureOpen = parts.ensureOpen;
  }

  /** The longest prefix: with the last cell filled, the library would begin to drop tokens from the front. */
  get contextSize(): number {
    return this.#context.contextSize - 1;
  }

  /** Gives for each reading the logits it asked for. An abort or a closed engine ends it between two decode calls. */
  async read(readings: readonly Reading[], call: Call): Promise<Map<Reading, number[]>> {
    const needed = Math.max(0, ...readings.map(({ prefix }) => prefix.length));
    if (needed > this.contextSize) throw new ContextFullError(needed, this.contextSize);
    const logits = new Map<Reading, number[]>();
    for (;;) {
      call.signal?.throwIfAborted();
      this.#ensureOpen();
      const portions = this.#portions(readings);
      if (portions.length === 0) return logits;
      const evaluated = await this.#decode(portions, call);
      for (const [index, { reading, logitsOf }] of portions.entries()) {
        if (logitsOf.length > 0) logits.set(reading, [...(evaluated[index]?.logits ?? [])]);
      }
    }
  }

  /** What the next decode call computes: as much as fits into one batch. */
  #portions(readings: readonly Reading[]): Portion[] {
    let room = this.#context.batchSize;
    const inOrder = readings.toSorted((left, right) => left.slot.index - right.slot.index);
    return inOrder.flatMap((reading) => {
      const portion = this.#portion(reading, room);
      room -= portion.tokens.length;
      return portion.tokens.length === 0 ? [] : [portion];
    });
  }

  #portion(reading: Reading, room: number): Portion {
    const { prefix, slot, wanted } = reading;
    const start = slot.tokens.length;
    const foresights = this.#foresights(prefix, start);
    if (wanted !== undefined && "topK" in wanted) foresights.set(prefix.length, Math.max(wanted.topK, foresights.get(prefix.length) ?? 0));
    // A portion ends where a paused generation will go on. Its last token is so computed alone, as in plain decoding: in one batch
    // with a question its logits would differ in the last digits, and now and then draw another token.
    const firstReturn = Math.min(prefix.length, ...foresights.keys());
    const end = Math.min(firstReturn, start + room);
    return {
      reading,
      tokens: prefix.slice(start, end),
      topKs: new Map([...foresights].filter(([at]) => at <= end).map(([at, topK]) => [at - start - 1, topK])),
      logitsOf: end === prefix.length && wanted !== undefined && "logitsOf" in wanted ? wanted.logitsOf : [],
      // The steps of a generation are no return points: a checkpoint for each would push out those that are.
      isReturnPoint: end === firstReturn && (end < prefix.length || end - start > 1),
    };
  }

  /** Lengths at which a paused generation will ask for candidates, and how many: reading them along saves computing them again. */
  #foresights(prefix: Prefix, start: number): Map<number, number> {
    const foresights = new Map<number, number>();
    for (const { tokens, topK } of this.#pool.guards) {
      const at = tokens.length;
      if (topK > 0 && at > start && at < prefix.length && commonLength(tokens, prefix) === at)
        foresights.set(at, Math.max(topK, foresights.get(at) ?? 0));
    }
    return foresights;
  }

  async #decode(portions: readonly Portion[], call: Call): Promise<Evaluated[]> {
    const count = portions.reduce((sum, { tokens }) => sum + tokens.length, 0);
    const sequence = Math.min(...portions.map(({ reading }) => reading.slot.index));
    const outcomes = await this.#rounds.join({ tokens: count, sequence }, () => {
      // Much may have happened while the round was waited for.
      call.signal?.throwIfAborted();
      this.#ensureOpen();
      return Promise.allSettled(portions.map((portion) => portion.reading.slot.evaluator.evaluate(portion)));
    });
    const rejected = outcomes.find((outcome) => outcome.status === "rejected");
    if (rejected !== undefined) await this.#giveUp(portions, rejected.reason);
    call.meter.record(call.purpose, count, 1);
    const evaluated = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? outcome.value : []));
    for (const [index, portion] of portions.entries()) await settle(portion, evaluated[index] as Evaluated);
    return evaluated;
  }

  /** After a failed decode nobody knows what the sequences hold: they start afresh. */
  async #giveUp(portions: readonly Portion[], cause: unknown): Promise<never> {
    this.#ensureOpen();
    await Promise.allSettled(portions.map(({ reading }) => reading.slot.clear()));
    throw cause instanceof EngineError ? cause : failure("decode-failed", `the model to compute ${portions.length} prefixes`, cause);
  }
}

async function settle({ reading: { slot }, tokens, isReturnPoint }: Portion, { candidates }: Evaluated): Promise<void> {
  const start = slot.tokens.length;
  slot.append(tokens);
  for (const [index, likeliest] of candidates) slot.remember(start + index + 1, likeliest);
  if (isReturnPoint && slot.sequence.needsCheckpoints) await slot.sequence.takeCheckpoint();
}
