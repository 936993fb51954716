import type { Boundary } from "./boundary.ts";
import type { Engine, Prefix, Token } from "./engine.ts";

/**
 * Turns tokens into text that may be shown at once. Held back are a character whose last bytes are still to come and
 * anything that may yet turn out to stand behind the boundary of the text; what does stand there never comes out.
 */
export class TextStream {
  readonly #engine: Engine;
  readonly #boundary: Boundary;
  /** Everything before the pending tokens. */
  readonly #before: Token[];
  /** Tokens that end in half a character. */
  #pending: Token[] = [];
  /** All whole characters. */
  #text = "";
  /** How many of them are out. */
  #shown = 0;
  #isStopped = false;

  /** @param prefix what the text follows: how a token reads can depend on what stands before it */
  constructor(engine: Engine, prefix: Prefix, boundary: Boundary) {
    this.#engine = engine;
    this.#before = [...prefix];
    this.#boundary = boundary;
  }

  /** Whether the boundary was met. Nothing comes out after that. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** The text that these tokens release; "" while it must be held back. */
  push(tokens: readonly Token[]): string {
    if (this.#isStopped) return "";
    this.#text += this.#wholeCharacters(tokens);
    const end = this.#boundary.endOf(this.#text);
    this.#isStopped = end !== undefined;
    return this.#release(end ?? this.#boundary.safeLength(this.#text));
  }

  /** What was held back for the sake of what might have followed. Half a character is not text and stays out. */
  finish(): string {
    return this.#isStopped ? "" : this.#release(this.#boundary.wholeLength(this.#text));
  }

  #wholeCharacters(tokens: readonly Token[]): string {
    let whole = "";
    for (const token of tokens) {
      this.#pending.push(token);
      const text = this.#engine.tokenizer.detokenize(this.#pending, this.#before);
      if (text.endsWith("\uFFFD")) continue;
      whole += text;
      this.#before.push(...this.#pending);
      this.#pending = [];
    }
    return whole;
  }

  #release(length: number): string {
    const released = this.#text.slice(this.#shown, length);
    this.#shown += released.length;
    return released;
  }
}
