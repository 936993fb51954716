import type { TextBasedChannel } from "discord.js";

/** Why an answer is no longer wanted. */
export type TakenBackBy = "edited" | "deleted" | "stopped" | "late" | "shutdown";

/** An answer is no longer wanted: the reason of its signal. */
export class TakenBack extends Error {
  readonly by: TakenBackBy;

  constructor(by: TakenBackBy) {
    super(`The question was taken back (${by})`);
    this.by = by;
  }
}

interface OpenDraft {
  readonly author: string;
  readonly channel: string;
  readonly controller: AbortController;
}

/** The answers that are being written, by the message or interaction that asked for them. */
export class Drafts {
  readonly #drafts = new Map<string, OpenDraft>();
  /** Why no answer is wanted any more, whatever it is to. */
  #over: TakenBackBy | undefined;

  begin(source: string, { author, channel }: Omit<OpenDraft, "controller">): AbortSignal {
    const controller = new AbortController();
    if (this.#over !== undefined) controller.abort(new TakenBack(this.#over));
    this.#drafts.set(source, { author, channel, controller });
    return controller.signal;
  }

  end(source: string): void {
    this.#drafts.delete(source);
  }

  /** `undefined` when nothing is written for it. */
  get(source: string): Omit<OpenDraft, "controller"> | undefined {
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

  /** Those that begin later, too. */
  takeBackAll(by: TakenBackBy): void {
    this.#over = by;
    for (const source of this.#drafts.keys()) this.takeBack(source, by);
  }
}

/** A place in the order of a channel. */
interface OrderTicket {
  /** Resolves when all that came before is done. */
  readonly before: Promise<void>;
  /** Lets those behind go on. */
  readonly leave: () => void;
}

/** Answers are written at once and posted in the order in which they were asked for, in each channel. */
export class ChannelOrder {
  readonly #last = new Map<string, Promise<void>>();

  join(channel: string): OrderTicket {
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

/** Discord shows the indicator for ten seconds, or until something is posted. */
const AGAIN_MS = 8000;

interface Shown {
  /** Answers that are being written there. */
  answers: number;
  readonly timer: NodeJS.Timeout;
}

/** Shows the typing indicator in each channel until its last answer is written. Where it is not permitted, answers are written all the same. */
export class Typing {
  readonly #shown = new Map<string, Shown>();

  begin(channel: TextBasedChannel): Disposable {
    const shown = this.#shown.get(channel.id) ?? { answers: 0, timer: setInterval(() => show(channel), AGAIN_MS) };
    if (shown.answers === 0) show(channel);
    shown.answers++;
    this.#shown.set(channel.id, shown);
    return { [Symbol.dispose]: () => this.#end(channel.id, shown) };
  }

  #end(channel: string, shown: Shown): void {
    shown.answers--;
    if (shown.answers > 0) return;
    clearInterval(shown.timer);
    this.#shown.delete(channel);
  }
}

function show(channel: TextBasedChannel): void {
  if ("sendTyping" in channel) channel.sendTyping().catch(() => undefined);
}
