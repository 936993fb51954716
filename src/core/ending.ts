import type { Engine, Prefix, Token } from "./engine.ts";
import { markTokens } from "./opening.ts";

/** Knows when an answer is over: at the end token, at the boundary of its text, or at the length limit. */
export class Ending {
  /** The longest answer, in tokens. */
  readonly limit: number;
  readonly #engine: Engine;
  readonly #prompt: Prefix;
  readonly #boundary: Boundary;
  /** A thought has no place inside an answer: one that begins there ends it. */
  readonly #marks: ReadonlySet<Token>;

  constructor(engine: Engine, prompt: Prefix, { boundary, limit }: { readonly boundary: Boundary; readonly limit: number }) {
    this.limit = limit;
    this.#engine = engine;
    this.#prompt = prompt;
    this.#boundary = boundary;
    this.#marks = new Set(markTokens(engine));
  }

  /** Whether nothing may follow. To be asked after each token: a boundary is looked for at the end of the answer. */
  isOver(answer: readonly Token[]): boolean {
    return answer.length >= this.limit || this.#endsInEnd(answer) || this.#isBounded(answer);
  }

  /**
   * The part of an answer that will be read, and so is judged: without end token, and without the tokens behind the boundary. A
   * token that only ends there stays: what it says before is read.
   */
  readable(answer: readonly Token[]): readonly Token[] {
    const said = this.said(answer);
    if (said.length === 0 || !this.isOver(answer)) return said;
    const text = this.#text(said);
    const end = this.#boundary.wholeLength(text);
    if (end === text.length) return said;
    let kept = said.length;
    while (kept > 0 && this.#text(said.slice(0, kept)).length > end) kept--;
    if (this.#text(said.slice(0, kept)).length < end) kept++;
    return said.slice(0, kept);
  }

  /** Tokens without the one that ends the answer, if it is the last of them. */
  said(tokens: readonly Token[]): readonly Token[] {
    return this.#endsInEnd(tokens) ? tokens.slice(0, -1) : tokens;
  }

  #endsInEnd(answer: readonly Token[]): boolean {
    const last = answer.at(-1);
    return last !== undefined && (this.#engine.tokenizer.isEnd(last) || this.#marks.has(last));
  }

  #isBounded(answer: readonly Token[]): boolean {
    // No text spans more tokens than it has bytes.
    const start = Math.max(0, answer.length - this.#boundary.reach);
    return start < answer.length && this.#boundary.endOf(this.#text(answer, start)) !== undefined;
  }

  #text(answer: readonly Token[], start = 0): string {
    return this.#engine.tokenizer.detokenize(answer.slice(start), [...this.#prompt, ...answer.slice(0, start)]);
  }
}

/**
 * Where the text of an answer ends before the model ends it. Asked of ever longer beginnings of one text, it never takes back what it
 * called safe.
 */
export interface Boundary {
  /** How many of the last bytes decide whether a text has just ended; `Infinity` where all of it does. */
  readonly reach: number;
  /** Where the text ends: what stands from there on is no part of it. `undefined` while it is open. */
  endOf(text: string): number | undefined;
  /** How much of an open text is part of it, whatever follows. */
  safeLength(text: string): number;
  /** How much of it is part of it when nothing follows. */
  wholeLength(text: string): number;
}

/** A text that ends before the first of these strings. */
export function stopStrings(stops: readonly string[]): Boundary {
  const endOf = (text: string) => {
    const stop = firstStop(text, stops);
    return stop < 0 ? undefined : stop;
  };
  return {
    reach: Math.max(0, ...stops.map((stop) => new TextEncoder().encode(stop).length)),
    endOf,
    safeLength: (text) => text.length - possibleStop(text, stops),
    wholeLength: (text) => endOf(text) ?? text.length,
  };
}

/** Where the first stop string begins, -1 if there is none. */
export function firstStop(text: string, stops: readonly string[]): number {
  const starts = stops.map((stop) => text.indexOf(stop)).filter((start) => start >= 0);
  return starts.length === 0 ? -1 : Math.min(...starts);
}

/** Length of the longest end of `text` with which one of these strings begins. */
export function possibleStop(text: string, stops: readonly string[]): number {
  const lengths = stops.map((stop) => {
    for (let length = Math.min(stop.length - 1, text.length); length > 0; length--) if (stop.startsWith(text.slice(-length))) return length;
    return 0;
  });
  return Math.max(0, ...lengths);
}

/** A text that ends where the first of several boundaries is. */
export function firstOf(boundaries: readonly Boundary[]): Boundary {
  return {
    reach: Math.max(...boundaries.map(({ reach }) => reach)),
    endOf: (text) => {
      const ends = boundaries.map((boundary) => boundary.endOf(text)).filter((end) => end !== undefined);
      return ends.length === 0 ? undefined : Math.min(...ends);
    },
    safeLength: (text) => Math.min(...boundaries.map((boundary) => boundary.safeLength(text))),
    wholeLength: (text) => Math.min(...boundaries.map((boundary) => boundary.wholeLength(text))),
  };
}

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
