/** A message that waits to be judged, or is being judged. Nothing was done about it yet. */
export interface Look {
  /** Aborted when it is let go. */
  readonly signal: AbortSignal;
  /** From now on something is done about it, and it cannot be let go any more. `false`: it was let go before. */
  readonly take: () => boolean;
  /** Nothing is to be done about it. */
  readonly end: () => void;
}

const DAY_MS = 86_400_000;

/** The messages that wait to be judged or are being judged, by guild. */
export class Looks {
  readonly #passedOver = new Map<string, { readonly count: number; readonly since: number }>();
  readonly #ofGuild = new Map<string, Set<AbortController>>();

  begin(guild: string): Look {
    const controller = new AbortController();
    const looks = this.#ofGuild.get(guild) ?? new Set();
    this.#ofGuild.set(guild, looks.add(controller));
    const take = () => {
      const isOpen = looks.delete(controller);
      if (looks.size === 0 && this.#ofGuild.get(guild) === looks) this.#ofGuild.delete(guild);
      return isOpen;
    };
    return { signal: controller.signal, take, end: () => void take() };
  }

  /** Counts a message for which there was no room. Whether it is the first one within a day. */
  passOver(guild: string, at: number): boolean {
    const before = this.passedOver(guild, at);
    const since = before === 0 ? at : (this.#passedOver.get(guild)?.since ?? at);
    this.#passedOver.set(guild, { count: before + 1, since });
    return before === 0;
  }

  /** How many there were since the first one, within a day. */
  passedOver(guild: string, at: number): number {
    const known = this.#passedOver.get(guild);
    return known === undefined || at - known.since >= DAY_MS ? 0 : known.count;
  }

  /** How many of a guild's there are. */
  count(guild: string): number {
    return this.#ofGuild.get(guild)?.size ?? 0;
  }

  /** Lets all of a guild's go. How many there were. */
  letGo(guild: string): number {
    const looks = this.#ofGuild.get(guild) ?? new Set();
    this.#ofGuild.delete(guild);
    const { size } = looks;
    for (const look of looks) look.abort();
    looks.clear();
    return size;
  }
}
