import type { Llama, LlamaContextSequence, Token as LlamaToken } from "node-llama-cpp";

/** How many threads each kind of work gets. */
export interface ThreadCounts {
  /** Where tokens come one by one or few at a time. */
  readonly decode: number;
  /** Where many tokens are computed at once. */
  readonly batch: number;
}

/** From this many tokens in one round, work counts as a batch: a short question, or several requests at once. */
const BATCH_FROM = 6;

/** Sets the threads before each decode call. */
export class Threads {
  readonly counts: ThreadCounts;
  readonly #llama: Llama;

  constructor(llama: Llama, counts: ThreadCounts) {
    this.#llama = llama;
    this.counts = counts;
  }

  chooseFor(tokens: number): void {
    this.#llama.maxThreads = tokens < BATCH_FROM ? this.counts.decode : this.counts.batch;
  }
}

/** What is timed, and how long at most. One round always runs: a model of many billions of parameters takes its time. */
const PROBE = { rounds: 4, batchTokens: 32, budgetMs: 150 } as const;

/** A decode step shorter than this is over before a second thread has begun. */
const WORTH_SPLITTING_MS = 3;

/** Threads that wait for a core that others use are slower by a multiple: one step of that is enough to see. */
const HOPELESS = 3;

/** More threads must be this much faster: the others run the search itself, and what else the machine does. */
const WORTH_A_THREAD = 0.95;

/**
 * Times the model with 1, 2, 4 .. `most` threads and chooses for each kind of work. More threads are not always faster: on a
 * busy machine they wait for each other. Rounds are interleaved, so that what else happens meets all counts alike, and the
 * fastest round counts.
 */
export async function measureThreads(llama: Llama, sequence: LlamaContextSequence, most: number): Promise<ThreadCounts> {
  const decodeMs = new Map<number, number>();
  const batchMs = new Map<number, number>();
  let counts = threadCounts(most);
  llama.maxThreads = 1;
  await probe(sequence, 1);
  if ((await probe(sequence, 1)) < WORTH_SPLITTING_MS) counts = [1];
  const start = performance.now();
  for (let round = 0; counts.length > 1 && round < PROBE.rounds; round++) {
    for (const threads of counts) {
      llama.maxThreads = threads;
      keepLeast(decodeMs, threads, await probe(sequence, 1));
      if (isHopeless(threads, decodeMs)) continue;
      keepLeast(decodeMs, threads, await probe(sequence, 1));
      keepLeast(batchMs, threads, await probe(sequence, PROBE.batchTokens));
    }
    counts = counts.filter((threads) => !isHopeless(threads, decodeMs));
    if (performance.now() - start > PROBE.budgetMs) break;
  }
  await sequence.clearHistory();
  return { decode: fastest(counts, decodeMs), batch: fastest(counts, batchMs) };
}

function isHopeless(threads: number, decodeMs: ReadonlyMap<number, number>): boolean {
  return (decodeMs.get(threads) ?? 0) > HOPELESS * Math.min(...decodeMs.values());
}

function threadCounts(most: number): number[] {
  const counts: number[] = [];
  for (let threads = 1; threads < most; threads *= 2) counts.push(threads);
  return [...counts, most];
}

/** Milliseconds that so many tokens take. */
async function probe(sequence: LlamaContextSequence, tokens: number): Promise<number> {
  if (sequence.nextTokenIndex + tokens >= sequence.contextSize - 1) await sequence.clearHistory();
  const start = performance.now();
  await sequence.evaluateWithoutGeneratingNewTokens(Array.from({ length: tokens }, () => 0 as LlamaToken));
  return performance.now() - start;
}

function keepLeast(times: Map<number, number>, threads: number, milliseconds: number): void {
  times.set(threads, Math.min(milliseconds, times.get(threads) ?? Number.POSITIVE_INFINITY));
}

function fastest(counts: readonly number[], times: ReadonlyMap<number, number>): number {
  return counts.reduce((winner, threads) => ((times.get(threads) ?? 0) < (times.get(winner) ?? 0) * WORTH_A_THREAD ? threads : winner));
}
