/** A place in the order of a channel. */
interface Place {
  /** Resolves when all that came before is done. */
  readonly before: Promise<void>;
  /** Lets those behind go on. */
  readonly leave: () => void;
}

/** Answers are written at once and posted in the order in which they were asked for, in each channel. */
export class ChannelOrder {
  readonly #last = new Map<string, Promise<void>>();

  join(channel: string): Place {
    const before = this.#last.get(channel) ?? Promise.resolve();
    let leave: () => void = () => undefined;
    const done = new Promise<void>((resolve) => {
      leave = resolve;
    });
    const last = before.then(() => done);
    this.#last.set(channel, last);
    void last.then(() => {
      if (this.#last.get(channel) === last) this.#last.delete(channel);
    });
    return { before, leave };
  }
}
