import type { TextBasedChannel } from "discord.js";

/** Discord shows the indicator for ten seconds, or until something is posted. */
const AGAIN_MS = 8000;

interface Shown {
  /** Answers that are being written there. */
  answers: number;
  readonly timer: NodeJS.Timeout;
}

/** Shows in each channel that answers are being written, as long as any is. Where it may not be shown nothing else is lost. */
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
