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

interface DraftPlace {
  readonly author: string;
  readonly channel: string;
  /** The message that is answered, where the source is another one. */
  readonly question?: string | undefined;
}

interface OpenDraft extends DraftPlace {
  readonly controller: AbortController;
  /** Resolves when nothing of it is left to do. */
  readonly over: Promise<void>;
  readonly end: () => void;
}

/** A question that was edited while it was being answered. */
export interface Edit extends Disposable {
  /** Resolves when what was written for the question before is given up. */
  readonly over: Promise<void>;
  /** Whether the question was not edited once more since. */
  readonly isNewest: () => boolean;
}

/** The answers that are being written, by the message or interaction that asked for them. */
export class Drafts {
  readonly #drafts = new Map<string, OpenDraft>();
  /** The newest edit of each question that is to be answered anew. */
  readonly #edits = new Map<string, Edit>();
  /** Why no answer is wanted any more, whatever it is to. */
  #over: TakenBackBy | undefined;

  /** `undefined`: an answer is being written for it already. */
  begin(source: string, place: DraftPlace): AbortSignal | undefined {
    if (this.#drafts.has(source)) return undefined;
    const controller = new AbortController();
    let end: () => void = () => undefined;
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    if (this.#over !== undefined) controller.abort(new TakenBack(this.#over));
    this.#drafts.set(source, { ...place, controller, over, end });
    return controller.signal;
  }

  end(source: string): void {
    this.#drafts.get(source)?.end();
    this.#drafts.delete(source);
  }

  /** Gives up what is written for a question that was edited. `undefined`: nothing is. */
  edit(source: string): Edit | undefined {
    const written = this.#drafts.get(source);
    const before = this.#edits.get(source);
    // Another answer to it is to what it was.
    this.takeBack(source, "edited");
    if (written === undefined && before === undefined) return undefined;
    const edit: Edit = {
      over: written?.over ?? Promise.resolve(),
      isNewest: () => this.#edits.get(source) === edit,
      [Symbol.dispose]: () => {
        if (edit.isNewest()) this.#edits.delete(source);
      },
    };
    this.#edits.set(source, edit);
    return edit;
  }

  /** `undefined` when nothing is written for it. */
  get(source: string): DraftPlace | undefined {
    return this.#drafts.get(source);
  }

  takeBack(source: string, by: TakenBackBy): void {
    for (const [key, { question, controller }] of this.#drafts)
      if (key === source || question === source) controller.abort(new TakenBack(by));
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

/** A place in an order. */
interface OrderTicket {
  /** Resolves when all that came before is done. */
  readonly before: Promise<void>;
  /** Lets those behind go on. */
  readonly leave: () => void;
}

/** Lets what concerns the same thing happen one after the other, in the order in which it began. */
export class InOrder {
  readonly #last = new Map<string, Promise<void>>();

  /** @param thing such as a channel's id */
  join(thing: string): OrderTicket {
    const before = this.#last.get(thing) ?? Promise.resolve();
    let leave: () => void = () => undefined;
    const done = new Promise<void>((resolve) => {
      leave = resolve;
    });
    const last = before.then(() => done);
    this.#last.set(thing, last);
    void last.then(() => {
      if (this.#last.get(thing) === last) this.#last.delete(thing);
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
