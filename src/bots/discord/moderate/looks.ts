/** A message that waits to be judged, or is being judged. Nothing was done about it yet. */
export interface Look {
  /** Aborted when it is let go. */
  readonly signal: AbortSignal;
  /** From now on something is done about it, and it cannot be let go any more. `false`: it was let go before. */
  readonly take: () => boolean;
  /** Nothing is to be done about it. */
  readonly end: () => void;
}

/** The messages that wait to be judged or are being judged, by guild. */
export class Looks {
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
