/** A thousand requests of all kinds on one engine: what becomes of them, and of memory, sequences and places in the queue. */
import { AnswerQueue, type Engine } from "rain-align";
import { Dice } from "../training/world/index.ts";
import { CallWatch } from "./call-watch.ts";
import { sequencesInReach } from "./sequences-in-reach.ts";
import { planRequest } from "./soak-plan.ts";
import { type Outcome, outcomeOf, turnOfEvents, type Watchers } from "./soak-request.ts";

/** In bytes, after garbage was collected and while nothing runs. */
export interface MemorySample {
  /** Requests that were over. */
  readonly after: number;
  readonly resident: number;
  readonly heap: number;
}

export interface SoakReport {
  readonly seed: number;
  readonly requests: number;
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  /** What no request may end with. */
  readonly faults: readonly string[];
  readonly memory: readonly MemorySample[];
  /** Sequences that the engine has and nobody can use any more. */
  readonly lostSequences: number;
  /** Places of the queue that nobody gave back. */
  readonly lostPlaces: number;
  readonly unhandledRejections: number;
}

export interface Soak {
  readonly requests: number;
  readonly seed: number;
  /** Memory is sampled each time so many requests are over. */
  readonly sampleEvery: number;
  /** Collects garbage, where that can be asked for. */
  readonly collect?: () => void;
  readonly onSample?: (sample: MemorySample) => void;
}

/** Fewer places than the largest burst has requests: some find the queue full. */
const QUEUE = { concurrency: 4, maxWaiting: 8 } as const;
const LARGEST_BURST = 14;

export async function soak(engine: Engine, { requests, seed, sampleEvery, collect, onSample }: Soak): Promise<SoakReport> {
  const memory: MemorySample[] = [];
  let unhandledRejections = 0;
  const countRejection = () => unhandledRejections++;
  process.on("unhandledRejection", countRejection);
  const crowd = new Crowd(engine, seed);
  while (crowd.begun < requests) {
    const untilSample = sampleEvery - (crowd.begun % sampleEvery);
    crowd.burst(Math.min(requests - crowd.begun, untilSample));
    const isSampleDue = crowd.begun % sampleEvery === 0 || crowd.begun === requests;
    await crowd.settled(isSampleDue ? "all" : "some");
    if (!isSampleDue) continue;
    const sample = await sampleMemory(crowd.begun, collect);
    memory.push(sample);
    onSample?.(sample);
  }
  await turnOfEvents();
  process.off("unhandledRejection", countRejection);
  const lostSequences = (engine.facts.sequences ?? 0) - (await sequencesInReach(engine));
  const { outcomes, faults, places } = crowd;
  return { seed, requests, outcomes, faults, memory, lostSequences, lostPlaces: places, unhandledRejections };
}

/** Requests that come in bursts and go when they are answered. */
class Crowd {
  readonly outcomes: Partial<Record<Outcome, number>> = {};
  readonly faults: string[] = [];
  /** Requests so far. */
  begun = 0;
  readonly #dice: Dice;
  readonly #queue: AnswerQueue;
  readonly #watchers: Watchers = new WeakMap();
  readonly #running = new Set<Promise<void>>();

  constructor(engine: Engine, seed: number) {
    this.#dice = new Dice(seed);
    this.#queue = new AnswerQueue(new CallWatch(engine, this.#watchers), QUEUE);
  }

  /** Places of the queue that are taken. */
  get places(): number {
    return this.#queue.running + this.#queue.waiting;
  }

  burst(most: number): void {
    const last = this.begun + Math.min(1 + this.#dice.below(LARGEST_BURST), most);
    while (this.begun < last) this.#begin(this.begun++);
  }

  async settled(which: "all" | "some"): Promise<void> {
    const most = which === "all" ? 0 : this.#dice.below(QUEUE.concurrency);
    while (this.#running.size > most) await Promise.race(this.#running);
  }

  #begin(number: number): void {
    const request = planRequest(this.#dice);
    const one = outcomeOf(request, this.#queue, this.#watchers)
      .then((outcome) => {
        this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
      })
      .catch((error: unknown) => {
        this.faults.push(`request ${number} (${request.options.mode}, ${request.reader.does}): ${String(error)}`);
      })
      .finally(() => this.#running.delete(one));
    this.#running.add(one);
  }
}

/** What is garbage may hold other garbage: one collection is not enough. */
const COLLECTIONS = 3;

async function sampleMemory(after: number, collect: (() => void) | undefined): Promise<MemorySample> {
  for (let round = 0; round < COLLECTIONS; round++) {
    await turnOfEvents();
    collect?.();
  }
  const { rss: resident, heapUsed: heap } = process.memoryUsage();
  return { after, resident, heap };
}
