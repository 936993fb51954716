import {
  type Answering,
  complaint,
  type Engine,
  OptionError,
  QueueFullError,
  type RainAnswer,
  type RainOptions,
  type Turn,
  wholeAnswer,
} from "../core/index.ts";
import { rain } from "../rain.ts";

/** Answers at once where an engine does not say how many prefixes it keeps. */
const USUAL_CONCURRENCY = 8;

export interface AnswerQueueOptions {
  /**
   * Answers that are written at once. More finish more tokens per second, each of them later. A positive integer.
   * @default half of the engine's sequences: the others keep preambles and conversations, and branch in searches
   */
  readonly concurrency?: number;
  /** Answers that wait at once; one more is refused. 0: none waits. A non-negative integer. @default 64 */
  readonly maxWaiting?: number;
}

/** How to write an answer, and where it stands in line. */
export interface QueuedOptions extends RainOptions {
  /** Whose request it is, such as a user or a guild: keys take turns, however many requests each has. @default "" */
  readonly key?: string;
  /**
   * Told how many answers begin before this one, whenever that changes while it waits; the number grows when another key comes
   * whose turn is earlier. An answer that begins at once hears nothing. If it throws, this answer fails with that error.
   */
  readonly onPosition?: (ahead: number) => void;
  /** Told once, when the answer is about to be written. */
  readonly onBegin?: () => void;
}

/** One answer that waits. */
interface Waiting {
  readonly key: string;
  readonly onPosition: ((ahead: number) => void) | undefined;
  /** The number that `onPosition` was last told. */
  told: number | undefined;
  readonly begin: () => void;
  readonly fail: (reason: unknown) => void;
}

/**
 * Many answers on one engine: a few are written at once, decoded as one batch, and the others wait, in an order that is fair
 * between keys. What an answer says does not depend on who else is there.
 */
export class AnswerQueue {
  readonly #engine: Engine;
  readonly #concurrency: number;
  readonly #maxWaiting: number;
  readonly #line = new WaitingLine<Waiting>();
  #running = 0;

  /** @throws {OptionError} for numbers that cannot be meant */
  constructor(engine: Engine, options: AnswerQueueOptions = {}) {
    const { concurrency = usualConcurrency(engine), maxWaiting = 64 } = options;
    checkCount("concurrency", concurrency, 1);
    checkCount("maxWaiting", maxWaiting, 0);
    this.#engine = engine;
    this.#concurrency = concurrency;
    this.#maxWaiting = maxWaiting;
  }

  /** Answers that are being written. */
  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#line.size;
  }

  /**
   * As `rain()`. It joins the queue when the first step is asked for, and has a place in it until the answer ends or the loop is
   * left: a reader who pauses keeps it. An abort ends the waiting at once, and the writing within one decode step.
   *
   * @throws {OptionError} at once, for options or turns that cannot be meant
   * @throws {QueueFullError} with the first step, when as many wait as may; and all that `rain()` throws
   */
  rain(turns: readonly Turn[], options: QueuedOptions = {}): Answering {
    const { key = "", onPosition, onBegin, ...rest } = options;
    if (typeof key !== "string") throw new OptionError("key", complaint("key", "a string", key), key);
    for (const [name, listener] of Object.entries({ onPosition, onBegin })) {
      if (listener !== undefined && typeof listener !== "function")
        throw new OptionError(name, complaint(name, "a function", listener), listener);
    }
    return this.#inOrder(rain(this.#engine, turns, rest), options);
  }

  /** The same, waiting for the whole answer. */
  async answer(turns: readonly Turn[], options: QueuedOptions = {}): Promise<RainAnswer> {
    return await wholeAnswer(this.rain(turns, options));
  }

  /**
   * Other work on the same engine, such as a verdict, in the same line.
   *
   * @throws {QueueFullError} when as many wait as may; the signal's reason; and all that `work` throws
   */
  async inTurn<Result>(work: () => Promise<Result>, options: Pick<QueuedOptions, "key" | "signal"> = {}): Promise<Result> {
    await this.#enter(options);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  async *#inOrder(answering: Answering, options: QueuedOptions): Answering {
    await this.#enter(options);
    try {
      options.onBegin?.();
      return yield* answering;
    } finally {
      this.#leave();
    }
  }

  /** Resolves when the answer may begin. */
  async #enter({ key = "", onPosition, signal }: QueuedOptions): Promise<void> {
    signal?.throwIfAborted();
    // A place that was given back went to the next waiting answer: where one is free, none waits.
    if (this.#running < this.#concurrency) {
      this.#running++;
      return;
    }
    if (this.#line.size >= this.#maxWaiting) throw new QueueFullError(this.#running, this.#maxWaiting);
    let stopListening: (() => void) | undefined;
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = { key, onPosition, told: undefined, begin: resolve, fail: reject };
      const abort = () => this.#giveUp(waiting, signal?.reason);
      signal?.addEventListener("abort", abort, { once: true });
      stopListening = () => signal?.removeEventListener("abort", abort);
      this.#line.join(key, waiting);
      this.#tellPositions();
    }).finally(() => stopListening?.());
  }

  /** The place of an answer that is over goes to whose turn it is. */
  #leave(): void {
    const next = this.#line.take();
    if (next === undefined) this.#running--;
    else next.begin();
    this.#tellPositions();
  }

  #giveUp(waiting: Waiting, reason: unknown): void {
    this.#line.leave(waiting.key, waiting);
    waiting.fail(reason);
    this.#tellPositions();
  }

  /** Who is told may abort, ask for more, or throw: so each number is looked up when it is told, and a throw fails that answer alone. */
  #tellPositions(): void {
    // A place in a long line takes long to find: only who listens is looked up.
    for (const waiting of this.#line.items.filter(({ onPosition }) => onPosition !== undefined)) {
      const ahead = this.#line.ahead(waiting.key, waiting);
      if (ahead === undefined || ahead === waiting.told) continue;
      waiting.told = ahead;
      try {
        waiting.onPosition?.(ahead);
      } catch (error) {
        this.#giveUp(waiting, error);
      }
    }
  }
}

/** Half of the engine's sequences: the others keep preambles and conversations, and branch in searches. */
function usualConcurrency({ facts }: Engine): number {
  return facts.sequences === undefined ? USUAL_CONCURRENCY : Math.max(1, Math.floor(facts.sequences / 2));
}

function checkCount(name: string, value: unknown, least: 0 | 1): void {
  if (Number.isSafeInteger(value) && Number(value) >= least) return;
  const expected = least === 0 ? "a non-negative integer" : "a positive integer";
  throw new OptionError(name, complaint(name, expected, value), value);
}

/** Who waits, by key. Keys take turns, in the order in which they came; within one key, first come is first served. */
class WaitingLine<Item> {
  /** In the order of their turns. Only keys with waiting answers are here. */
  readonly #lines = new Map<string, readonly Item[]>();

  get size(): number {
    return [...this.#lines.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** All waiting answers, in no particular order. */
  get items(): readonly Item[] {
    return [...this.#lines.values()].flat();
  }

  join(key: string, item: Item): void {
    this.#lines.set(key, [...(this.#lines.get(key) ?? []), item]);
  }

  /** Whose turn it is; the key's next turn comes after those of all others. */
  take(): Item | undefined {
    for (const [key, [next, ...others]] of this.#lines) {
      this.#lines.delete(key);
      if (others.length > 0) this.#lines.set(key, others);
      return next;
    }
    return undefined;
  }

  /** Waits no longer; the key keeps its turn for those of it who do. */
  leave(key: string, item: Item): void {
    const others = (this.#lines.get(key) ?? []).filter((other) => other !== item);
    if (others.length > 0) this.#lines.set(key, others);
    else this.#lines.delete(key);
  }

  /** How many are taken before this one, if no other one joins or leaves. `undefined`: it does not wait. */
  ahead(key: string, item: Item): number | undefined {
    const round = this.#lines.get(key)?.indexOf(item) ?? -1;
    if (round < 0) return undefined;
    let ahead = 0;
    let isBefore = true;
    for (const [other, { length }] of this.#lines) {
      if (other === key) isBefore = false;
      // A key is taken once in each round before this one, and in this round too if its turn comes first.
      ahead += Math.min(length, isBefore ? round + 1 : round);
    }
    return ahead;
  }
}
