/** Which requests share a decode call. */

/** What one sequence computes in a round. */
export interface BatchRow<Found> {
  /** Number of the sequence. */
  readonly sequence: number;
  readonly tokens: number;
  /** @param isAlone whether nothing else is in the round */
  readonly work: (isAlone: boolean) => Promise<Found>;
}

/** One request's part of a round. */
interface Member {
  readonly tokens: number;
  readonly rows: readonly { readonly sequence: number; readonly begin: (isAlone: boolean) => void }[];
  /** Whether it takes a round of its own. */
  readonly isApart: boolean;
  /** Throws what keeps it from computing anything any more. */
  readonly check: () => void;
  /** All its rows have begun. */
  readonly begun: () => void;
  readonly fail: (reason: unknown) => void;
}

/**
 * Decodes in rounds: requests that come while a batch is computed wait for the next one, and those whose tokens have just come are given the
 * time to ask for more. So requests that run at once fall into step and share every batch; left to themselves they take turns, each with a
 * batch of its own. A request that is alone never waits.
 *
 * Rows begin in the order of their sequences, whichever request they are of: llama.cpp computes a run of neighbouring sequences in one piece,
 * and cuts the batch wherever the next one is not the next by number.
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
   * Computes these rows in the next round. All rows of a round begin in the same tick: node-llama-cpp decodes them as one batch.
   *
   * @param check called when the round begins, of which much may have happened since; what it throws is thrown, and nothing computed
   * @param isApart whether no other request may be in this round
   */
  async join<Found>(rows: readonly BatchRow<Found>[], check: () => void, isApart = false): Promise<PromiseSettledResult<Found>[]> {
    const outcomes = new Promise<PromiseSettledResult<Found>[]>((resolve, reject) => {
      const working: Promise<Found>[] = [];
      const member = {
        tokens: rows.reduce((sum, { tokens }) => sum + tokens, 0),
        rows: rows.map(({ sequence, work }, place) => {
          const begin = (isAlone: boolean) => {
            working[place] = work(isAlone);
          };
          return { sequence, begin };
        }),
        isApart,
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
    const rows = able.flatMap((member) => member.rows).sort((left, right) => left.sequence - right.sequence);
    for (const { begin } of rows) begin(rows.length === 1);
    for (const { begun } of able) begun();
  }

  #leave(): void {
    this.#running--;
    if (this.#running > 0 || this.#waiting.length === 0) return;
    this.#isGathering = true;
    setImmediate(() => {
      this.#isGathering = false;
      const [first] = this.#waiting;
      const members = first?.isApart === true ? [first] : this.#waiting.filter(({ isApart }) => !isApart);
      this.#waiting = this.#waiting.filter((member) => !members.includes(member));
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
