import type { TextBasedChannel } from "discord.js";

/** Discord shows the indicator for ten seconds, or until something is posted. */
const AGAIN_MS = 8000;

/** Shows that an answer is being written, until it is stopped. Where it may not be shown nothing else is lost. */
export class Typing implements Disposable {
  readonly #timer: NodeJS.Timeout;
  readonly #channel: TextBasedChannel;

  constructor(channel: TextBasedChannel) {
    this.#channel = channel;
    this.#timer = setInterval(() => this.#show(), AGAIN_MS);
    this.#show();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #show(): void {
    if ("sendTyping" in this.#channel) this.#channel.sendTyping().catch(() => undefined);
  }
}
