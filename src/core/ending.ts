import type { Boundary } from "./boundary.ts";
import type { Engine, Prefix, Token } from "./engine.ts";

/** Knows when an answer is over: at the end token, at the boundary of its text, or at the length limit. */
export class Ending {
  /** The longest answer, in tokens. */
  readonly limit: number;
  readonly #engine: Engine;
  readonly #prompt: Prefix;
  readonly #boundary: Boundary;

  constructor(engine: Engine, prompt: Prefix, { boundary, limit }: { readonly boundary: Boundary; readonly limit: number }) {
    this.limit = limit;
    this.#engine = engine;
    this.#prompt = prompt;
    this.#boundary = boundary;
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
    const said = this.#endsInEnd(answer) ? answer.slice(0, -1) : answer;
    const tail = this.#tail(said);
    if (tail.length === 0 || !this.isOver(answer)) return said;
    const text = this.#text(tail);
    const end = this.#boundary.wholeLength(text);
    if (end === text.length) return said;
    let kept = tail.length;
    while (kept > 0 && this.#text({ ...tail, length: kept }).length > end) kept--;
    if (this.#text({ ...tail, length: kept }).length < end) kept++;
    return said.slice(0, tail.start + kept);
  }

  #endsInEnd(answer: readonly Token[]): boolean {
    const last = answer.at(-1);
    return last !== undefined && this.#engine.tokenizer.isEnd(last);
  }

  #tail(answer: readonly Token[]): Tail {
    // No text spans more tokens than it has bytes.
    const start = Math.max(0, answer.length - this.#boundary.reach);
    return { answer, start, length: answer.length - start };
  }

  #isBounded(answer: readonly Token[]): boolean {
    const tail = this.#tail(answer);
    return tail.length > 0 && this.#boundary.endOf(this.#text(tail)) !== undefined;
  }

  #text({ answer, start, length }: Tail): string {
    return this.#engine.tokenizer.detokenize(answer.slice(start, start + length), [...this.#prompt, ...answer.slice(0, start)]);
  }
}

/** Some tokens of an answer. */
interface Tail {
  readonly answer: readonly Token[];
  readonly start: number;
  readonly length: number;
}
