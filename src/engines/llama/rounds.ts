/** What one sequence computes in a round. */
export interface RoundShare<Found> {
  readonly tokens: number;
  /** Number of the sequence. */
  readonly sequence: number;
  readonly work: () => Promise<Found>;
}

/** One request's part of a round. */
interface Member {
  readonly tokens: number;
  readonly shares: readonly { readonly sequence: number; readonly begin: () => void }[];
  /** Throws what keeps it from computing anything any more. */
  readonly check: () => void;
  /** All its shares have begun. */
  readonly begun: () => void;
  readonly fail: (reason: unknown) => void;
}

/**
 * Decodes in rounds: who asks while a batch is computed waits for the next one, and those whose tokens have just come are given the time
 * to ask for more. So requests that run at once fall into step and share every batch; left to themselves they take turns, each with a
 * batch of its own. A request that is alone never waits.
 *
 * Shares begin in the order of their sequences, whosever they are: llama.cpp computes a run of neighbouring sequences in one piece, and
 * cuts the batch wherever the next one is not the next by number.
 */
export class Rounds {
  readonly #onRound: (tokens: number) => void;
  #waiting: Member[] = [];
  /** Members of the round that is computed. */
  #running = 0;
  #isGathering = false;

  /** @param onRound told how many tokens a round computes, just before it begins */
  constructor(onRound: (tokens: number) => void) {
    this.#onRound = onRound;
  }

  /**
   * Does this work in the next round. All of a round begin in the same tick: node-llama-cpp decodes them as one batch.
   *
   * @param check called when the round begins, of which much may have happened since; what it throws is thrown, and nothing computed
   */
  async join<Found>(shares: readonly RoundShare<Found>[], check: () => void): Promise<PromiseSettledResult<Found>[]> {
    const outcomes = new Promise<PromiseSettledResult<Found>[]>((resolve, reject) => {
      const working: Promise<Found>[] = [];
      const member = {
        tokens: shares.reduce((sum, { tokens }) => sum + tokens, 0),
        shares: shares.map(({ sequence, work }, place) => {
          const begin = () => {
            working[place] = work();
          };
          return { sequence, begin };
        }),
        check,
        begun: () => resolve(Promise.allSettled(working)),
        fail: reject,
      };
      if (this.#running > 0 || this.#isGathering) this.#waiting.push(member);
      else this.#begin([member]);
    });
    try {
      return await outcomes;
    } finally {
      this.#leave();
    }
  }

  #begin(members: readonly Member[]): void {
    this.#running = members.length;
    this.#onRound(members.reduce((sum, { tokens }) => sum + tokens, 0));
    const able = members.filter(isAble);
    const shares = able.flatMap((member) => member.shares).sort((left, right) => left.sequence - right.sequence);
    for (const { begin } of shares) begin();
    for (const { begun } of able) begun();
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

function isAble({ check, fail }: Member): boolean {
  try {
    check();
    return true;
  } catch (reason) {
    fail(reason);
    return false;
  }
}
