import { Leaving } from "../leaving.ts";
import { isToShard, type ShardPost, type Topic, type ToShard } from "./messages.ts";

/** What a shard says when it is asked. */
export type Answers = Readonly<Record<Topic, () => Promise<unknown>>>;

/** The process that holds the model, as a shard's process sees it. */
export class Parent {
  /** Which shard this is. */
  readonly post: Promise<ShardPost>;
  readonly #farewell = new AbortController();
  #answers: Answers | undefined;

  constructor() {
    this.post = new Promise((resolve) => {
      process.on("message", (message) => {
        if (!isToShard(message)) return;
        if (message.rain === "begin") resolve(message.post);
        else if (message.rain === "leave") this.#farewell.abort(new Leaving("all shards leave", message));
        else void this.#answer(message);
      });
    });
    const gone = new Leaving("the process that holds the model is gone", { isSudden: true });
    process.once("disconnect", () => this.#farewell.abort(gone));
  }

  /** Aborted, with a `Leaving`, when this shard is told to leave or is alone. */
  get farewell(): AbortSignal {
    return this.#farewell.signal;
  }

  /** From now on it can be asked; before, it does not answer. */
  set answers(answers: Answers) {
    this.#answers = answers;
  }

  async #answer({ id, topic }: Extract<ToShard, { rain: "ask" }>): Promise<void> {
    const answer = await this.#answers?.[topic]().catch(() => undefined);
    // Nobody misses what cannot be said any more.
    if (process.connected) process.send?.({ rain: "answer", id, answer }, () => undefined);
  }
}
