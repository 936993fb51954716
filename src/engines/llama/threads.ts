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
  readonly #llama: Pick<Llama, "maxThreads">;

  constructor(llama: Pick<Llama, "maxThreads">, counts: ThreadCounts) {
    this.#llama = llama;
    this.counts = counts;
  }

  chooseFor(tokens: number): void {
    this.#llama.maxThreads = tokens < BATCH_FROM ? this.counts.decode : this.counts.batch;
  }
}

/** What is timed, and how long at most. One round always runs: a model of many billions of parameters takes its time. */
const PROBE = { rounds: 12, batchTokens: 12, budgetMs: 300 } as const;

/** A decode step shorter than this is over before a second thread has begun. */
const WORTH_SPLITTING_MS = 3;

/** Threads that wait for a core that others use are slower by a multiple: one step of that is enough to see. */
const HOPELESS = 3;

/** More threads must be this much faster: the others run the search itself, and what else the machine does. */
const WORTH_A_THREAD = 0.95;

/** What is timed. */
export interface Timed {
  readonly llama: Pick<Llama, "maxThreads">;
  readonly sequence: Pick<LlamaContextSequence, "nextTokenIndex" | "contextSize" | "clearHistory" | "controlledEvaluate">;
  /** Milliseconds. @default performance.now */
  readonly clock?: () => number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Times the model with 1, 2, 4 .. `most` threads and chooses for each kind of work. More threads are not always faster: where they
 * are not sure of a core each, they wait for each other, now and then and for long. So the mean counts, not the fastest step; and
 * rounds are interleaved, so that what else happens meets all counts alike. An abort ends it behind the step that runs.
 */
export async function measureThreads(timed: Timed, most: number): Promise<ThreadCounts> {
  timed.llama.maxThreads = 1;
  await probe(timed, 1);
  const isTiny = (await probe(timed, 1)) < WORTH_SPLITTING_MS;
  const counts = isTiny ? [1] : threadCounts(most);
  const decode = await fastest(counts, 1, timed);
  const batch = await fastest(counts, PROBE.batchTokens, timed);
  await timed.sequence.clearHistory();
  return { decode, batch };
}

/** The count with the least mean time for so many tokens; of counts as good as equal the smallest. */
async function fastest(counts: readonly number[], tokens: number, timed: Timed): Promise<number> {
  const { llama, clock = () => performance.now() } = timed;
  const total = new Map(counts.map((count) => [count, 0]));
  const start = clock();
  for (let round = 0; total.size > 1 && round < PROBE.rounds; round++) {
    for (const [count, milliseconds] of total) {
      llama.maxThreads = count;
      total.set(count, milliseconds + (await probe(timed, tokens)));
    }
    const least = Math.min(...total.values());
    for (const [count, milliseconds] of total) if (milliseconds > HOPELESS * least) total.delete(count);
    if (clock() - start > PROBE.budgetMs) break;
  }
  return [...total].reduce((winner, other) => (other[1] < winner[1] * WORTH_A_THREAD ? other : winner))[0];
}

function threadCounts(most: number): number[] {
  const counts: number[] = [];
  for (let threads = 1; threads < most; threads *= 2) counts.push(threads);
  return [...counts, most];
}

/**
 * Milliseconds that so many tokens take, with a draw behind the last one as nearly every use of the engine has it: where the system
 * puts the threads of the next decode depends on what ran between.
 */
async function probe({ sequence, clock = () => performance.now(), signal }: Timed, tokens: number): Promise<number> {
  signal?.throwIfAborted();
  if (sequence.nextTokenIndex + tokens >= sequence.contextSize - 1) await sequence.clearHistory();
  const before = Array.from({ length: tokens - 1 }, () => 0 as LlamaToken);
  const start = clock();
  await sequence.controlledEvaluate([...before, [0 as LlamaToken, { generateNext: { token: true } }]]);
  return clock() - start;
}
