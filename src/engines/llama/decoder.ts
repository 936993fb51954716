import type { LlamaContext } from "node-llama-cpp";
import type { Call, Prefix, Token } from "../../core/engine.ts";
import { ContextFullError, EngineError } from "../../core/errors.ts";
import type { Evaluated, Evaluation } from "./evaluate.ts";
import { failure } from "./failure.ts";
import { Rounds } from "./rounds.ts";
import { commonLength, type Slot, type Wanted } from "./slot.ts";
import type { SlotPool } from "./slot-pool.ts";
import type { Threads } from "./threads.ts";

/** Something to compute: all of `prefix` that its slot lacks. */
export interface BatchRow {
  readonly prefix: Prefix;
  /** Claimed by the caller; holds a part of the prefix already. */
  readonly slot: Slot;
  readonly wanted: Wanted | undefined;
}

/** What one slot computes in one decode call. */
interface Work<Found> {
  readonly slot: Slot;
  readonly tokens: readonly Token[];
  readonly evaluate: () => Promise<Found>;
}

/** One reading's share of one decode. */
interface Portion extends Evaluation {
  readonly reading: BatchRow;
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

  /** What the readings want to learn, their slots remember. An abort or a closed engine ends it between two decode calls. */
  async read(readings: readonly BatchRow[], call: Call): Promise<void> {
    this.ensureRoom(Math.max(0, ...readings.map(({ prefix }) => prefix.length)));
    for (;;) {
      call.signal?.throwIfAborted();
      this.#ensureOpen();
      const portions = this.#portions(readings);
      if (portions.length === 0) return;
      const evaluated = await this.#decode(portions.map(workOf), call);
      for (const [index, portion] of portions.entries()) await settle(portion, evaluated[index] as Evaluated);
    }
  }

  /** Computes these tokens behind what the slot holds. What is expected behind each of them: logarithms of all probabilities. */
  async readEach(slot: Slot, tokens: readonly Token[], call: Call): Promise<Float32Array[]> {
    this.ensureRoom(slot.tokens.length + tokens.length);
    const found: Float32Array[] = [];
    while (found.length < tokens.length) {
      const portion = tokens.slice(found.length, found.length + this.#context.batchSize);
      const [distributions = []] = await this.#decode(
        [{ slot, tokens: portion, evaluate: () => slot.evaluator.distributions(portion) }],
        call,
      );
      slot.append(portion);
      found.push(...distributions);
    }
    return found;
  }

  /** @throws {ContextFullError} for a prefix that is longer than the context */
  ensureRoom(needed: number): void {
    if (needed > this.contextSize) throw new ContextFullError(needed, this.contextSize);
  }

  /** What the next decode call computes: as much as fits into one batch. */
  #portions(readings: readonly BatchRow[]): Portion[] {
    let room = this.#context.batchSize;
    const inOrder = readings.toSorted((left, right) => left.slot.index - right.slot.index);
    return inOrder.flatMap((reading) => {
      const portion = this.#portion(reading, room);
      room -= portion.tokens.length;
      return portion.tokens.length === 0 ? [] : [portion];
    });
  }

  #portion(reading: BatchRow, room: number): Portion {
    const { prefix, slot, wanted = NOTHING } = reading;
    const start = slot.tokens.length;
    const along = this.#readAlong(reading);
    // A portion ends where a paused generation will go on. Its last token is so computed alone, as in plain decoding: in one batch
    // with a question its logits would differ in the last digits, and now and then draw another token.
    const firstReturn = Math.min(prefix.length, ...along.keys());
    const end = Math.min(firstReturn, start + room);
    return {
      ...bothOf(end === prefix.length ? wanted : NOTHING, along.get(end) ?? NOTHING),
      reading,
      tokens: prefix.slice(start, end),
      // The steps of a generation are no return points: a checkpoint for each would push out those that are.
      isReturnPoint: end === firstReturn && (end < prefix.length || end - start > 1),
    };
  }

  /** Lengths at which a paused generation will go on, and what it wants to know there: reading it along saves computing them again. */
  #readAlong({ prefix, slot }: BatchRow): Map<number, Wanted> {
    const along = new Map<number, Wanted>();
    for (const guard of this.#pool.guards) {
      const { tokens, wanted } = guard;
      const at = tokens.length;
      // Who asks right where a generation stands leaves that token to it, should it come back to this slot.
      const isOnTheWay = at < prefix.length || (at === prefix.length && guard.slot === slot);
      if (wanted !== undefined && at > slot.tokens.length && isOnTheWay && commonLength(tokens, prefix) === at)
        along.set(at, bothOf(wanted, along.get(at) ?? NOTHING));
    }
    return along;
  }

  async #decode<Found>(works: readonly Work<Found>[], call: Call): Promise<Found[]> {
    const shares = works.map(({ slot, tokens, evaluate }) => ({ tokens: tokens.length, sequence: slot.index, work: evaluate }));
    const outcomes = await this.#rounds.join(shares, () => {
      call.signal?.throwIfAborted();
      this.#ensureOpen();
    });
    const rejected = outcomes.find((outcome) => outcome.status === "rejected");
    if (rejected !== undefined) await this.#giveUp(works, rejected.reason);
    call.meter.record(
      call.purpose,
      works.reduce((sum, { tokens }) => sum + tokens.length, 0),
      1,
    );
    return outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  }

  /** After a failed decode nobody knows what the sequences hold: they start afresh. */
  async #giveUp(works: readonly Pick<Work<unknown>, "slot">[], cause: unknown): Promise<never> {
    this.#ensureOpen();
    await Promise.allSettled(works.map(({ slot }) => slot.clear()));
    throw cause instanceof EngineError ? cause : failure("decode-failed", `the model to compute ${works.length} prefixes`, cause);
  }
}

function workOf(portion: Portion): Work<Evaluated> {
  const { slot } = portion.reading;
  return { slot, tokens: portion.tokens, evaluate: () => slot.evaluator.evaluate(portion) };
}

async function settle({ reading: { slot }, tokens, isReturnPoint }: Portion, evaluated: Evaluated): Promise<void> {
  slot.append(tokens);
  if (evaluated.candidates.length > 0 || evaluated.logits.size > 0) slot.remember(slot.tokens.length, evaluated);
  if (isReturnPoint && slot.sequence.needsCheckpoints) await slot.sequence.takeCheckpoint();
}

const NOTHING: Wanted = { topK: 0, logitsOf: [] };

function bothOf(one: Wanted, other: Wanted): Wanted {
  return { topK: Math.max(one.topK, other.topK), logitsOf: [...new Set([...one.logitsOf, ...other.logitsOf])] };
}
