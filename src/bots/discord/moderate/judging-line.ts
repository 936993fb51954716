interface Place<Entry> {
  readonly guild: string;
  /** Those with more are taken first, and let go last. A whole number from 0 on. */
  readonly urgency: number;
  readonly entry: Entry;
}

/** What waits to be judged, in a line of limited length: guilds take turns, and of one guild what is more urgent comes first. */
export class JudgingLine<Entry> {
  readonly #most: number;
  /** The guild whose turn it is comes first. Of each the most urgent come first, and of those the oldest. */
  readonly #ofGuild = new Map<string, Place<Entry>[]>();
  #size = 0;

  /** @param most that wait together */
  constructor(most: number) {
    this.#most = most;
  }

  /** Gives what is let go, where there are too many: of the guild with the most, the newest of the least urgent. It may be this one. */
  add(place: Place<Entry>): Entry | undefined {
    const waiting = this.#ofGuild.get(place.guild) ?? [];
    this.#ofGuild.set(place.guild, waiting);
    const before = waiting.findLastIndex(({ urgency }) => urgency >= place.urgency);
    waiting.splice(before + 1, 0, place);
    this.#size++;
    if (this.#size <= this.#most) return undefined;
    const [longest] = [...this.#ofGuild.values()].toSorted((one, other) => other.length - one.length);
    this.#size--;
    return longest?.pop()?.entry;
  }

  /** The next one. */
  take(): Entry | undefined {
    const [first] = this.#ofGuild;
    if (first === undefined) return undefined;
    const [guild, waiting] = first;
    const next = waiting.shift();
    this.#ofGuild.delete(guild);
    if (waiting.length > 0) this.#ofGuild.set(guild, waiting);
    if (next !== undefined) this.#size--;
    return next?.entry;
  }
}
