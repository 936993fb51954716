/** Discord takes five messages in five seconds in a channel: most of them are for answers. */
const EVERY_MS = 2500;

/** Says it, unless there is no need for it any more: whether it did. */
type Tell = () => boolean;

/** Tells people their places in line, in each channel so slowly that no answer waits for that. */
export class Notices {
  /** Those who are to be told, by the channels in which somebody was told just now. */
  readonly #waiting = new Map<string, Tell[]>();

  add(channel: string, tell: Tell): void {
    const waiting = this.#waiting.get(channel);
    if (waiting !== undefined) waiting.push(tell);
    else if (tell()) {
      this.#waiting.set(channel, []);
      this.#tellLater(channel);
    }
  }

  #tellLater(channel: string): void {
    const timer = setTimeout(() => {
      const waiting = this.#waiting.get(channel) ?? [];
      for (let tell = waiting.shift(); tell !== undefined; tell = waiting.shift()) if (tell()) return this.#tellLater(channel);
      this.#waiting.delete(channel);
    }, EVERY_MS);
    // No process lives on for it.
    timer.unref();
  }
}
