/** One request's share of a round. */
export interface Share {
  readonly tokens: number;
  /** Number of its first sequence. */
  readonly sequence: number;
}

interface Waiting extends Share {
  readonly begin: () => void;
}

/**
 * Decodes in rounds: who asks while a batch is computed waits for the next one, and those whose tokens have just come are given the time
 * to ask for more. So requests that run at once fall into step and share every batch; left to themselves they take turns, each with a
 * batch of its own. A request that is alone never waits.
 *
 * Members begin in the order of their sequences: llama.cpp computes a run of neighbouring sequences in one piece, and cuts the batch
 * wherever the next one is not the next by number.
 */
export class Rounds {
  readonly #onRound: (tokens: number) => void;
  #waiting: Waiting[] = [];
  /** Members of the round that is computed. */
  #running = 0;
  #isGathering = false;

  /** @param onRound told how many tokens a round computes, just before it begins */
  constructor(onRound: (tokens: number) => void) {
    this.#onRound = onRound;
  }

  /** Does this work in the next round. All of a round begin in the same tick: node-llama-cpp decodes them as one batch. */
  async join<Result>(share: Share, work: () => Promise<Result>): Promise<Result> {
    if (this.#running > 0 || this.#isGathering) await new Promise<void>((begin) => this.#waiting.push({ ...share, begin }));
    else this.#begin([{ ...share, begin: () => undefined }]);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #begin(members: readonly Waiting[]): void {
    this.#running = members.length;
    this.#onRound(members.reduce((sum, { tokens }) => sum + tokens, 0));
    for (const { begin } of members.toSorted((left, right) => left.sequence - right.sequence)) begin();
  }

  #leave(): void {
    this.#running--;
    if (this.#running > 0 || this.#waiting.length === 0) return;
    this.#isGathering = true;
    setImmediate(() => {
      this.#isGathering = false;
      const members = this.#waiting;
      this.#waiting = [];
      this.#begin(members);
    });
  }
}
