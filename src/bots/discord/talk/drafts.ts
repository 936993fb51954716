/** Why an answer is no longer wanted. */
export type TakenBackBy = "edited" | "deleted" | "stopped" | "shutdown";

/** An answer is no longer wanted: the reason of its signal. */
export class TakenBack extends Error {
  readonly by: TakenBackBy;

  constructor(by: TakenBackBy) {
    super(`The question was taken back (${by})`);
    this.by = by;
  }
}

interface Draft {
  readonly author: string;
  readonly channel: string;
  readonly controller: AbortController;
}

/** The answers that are being written, by the message or interaction that asked for them. */
export class Drafts {
  readonly #drafts = new Map<string, Draft>();
  #onEmpty: (() => void)[] = [];

  get size(): number {
    return this.#drafts.size;
  }

  begin(source: string, { author, channel }: Omit<Draft, "controller">): AbortSignal {
    const controller = new AbortController();
    this.#drafts.set(source, { author, channel, controller });
    return controller.signal;
  }

  end(source: string): void {
    this.#drafts.delete(source);
    if (this.size > 0) return;
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  }

  /** `undefined` when nothing is written for it. */
  get(source: string): Omit<Draft, "controller"> | undefined {
    return this.#drafts.get(source);
  }

  takeBack(source: string, by: TakenBackBy): void {
    this.#drafts.get(source)?.controller.abort(new TakenBack(by));
  }

  takeBackChannel(channel: string, by: TakenBackBy): void {
    for (const [source, draft] of this.#drafts) if (draft.channel === channel) this.takeBack(source, by);
  }

  takeBackAuthor(author: string, by: TakenBackBy): void {
    for (const [source, draft] of this.#drafts) if (draft.author === author) this.takeBack(source, by);
  }

  takeBackAll(by: TakenBackBy): void {
    for (const source of this.#drafts.keys()) this.takeBack(source, by);
  }

  /** Resolves when nothing is written any more. */
  async drained(): Promise<void> {
    if (this.size > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
  }
}
