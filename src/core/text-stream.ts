import type { Engine, Prefix, Token } from "./engine/engine.ts";

/**
 * Turns tokens into text that may be shown at once. Held back are a character whose last bytes are still to come and
 * anything that may yet become a stop string; a stop string and what follows it never come out.
 */
export class TextStream {
  readonly #engine: Engine;
  readonly #stops: readonly string[];
  /** Everything before the pending tokens. */
  readonly #before: Token[];
  /** Tokens that end in half a character. */
  #pending: Token[] = [];
  /** Whole characters that may still be the beginning of a stop string. */
  #held = "";
  #isStopped = false;

  /** @param prefix what the text follows: how a token reads can depend on what stands before it */
  constructor(engine: Engine, prefix: Prefix, stops: readonly string[]) {
    this.#engine = engine;
    this.#before = [...prefix];
    this.#stops = stops;
  }

  /** Whether a stop string was met. Nothing comes out after that. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** The text that these tokens release; "" while it must be held back. */
  push(tokens: readonly Token[]): string {
    if (this.#isStopped) return "";
    this.#held += this.#wholeCharacters(tokens);
    const stop = firstStop(this.#held, this.#stops);
    this.#isStopped = stop >= 0;
    return this.#release(this.#isStopped ? stop : this.#held.length - possibleStop(this.#held, this.#stops));
  }

  /** What was held back in case a stop string followed. Half a character is not text and stays out. */
  finish(): string {
    return this.#isStopped ? "" : this.#release(this.#held.length);
  }

  #wholeCharacters(tokens: readonly Token[]): string {
    let whole = "";
    for (const token of tokens) {
      this.#pending.push(token);
      const text = this.#engine.detokenize(this.#pending, this.#before);
      if (text.endsWith("\uFFFD")) continue;
      whole += text;
      this.#before.push(...this.#pending);
      this.#pending = [];
    }
    return whole;
  }

  #release(length: number): string {
    const released = this.#held.slice(0, length);
    this.#held = this.#held.slice(length);
    return released;
  }
}

/** Where the first stop string begins, -1 if there is none. */
export function firstStop(text: string, stops: readonly string[]): number {
  const starts = stops.map((stop) => text.indexOf(stop)).filter((start) => start >= 0);
  return starts.length === 0 ? -1 : Math.min(...starts);
}

/** Length of the longest end of `text` with which a stop string begins. */
function possibleStop(text: string, stops: readonly string[]): number {
  const lengths = stops.map((stop) => {
    for (let length = Math.min(stop.length - 1, text.length); length > 0; length--) if (stop.startsWith(text.slice(-length))) return length;
    return 0;
  });
  return Math.max(0, ...lengths);
}
