import type { Engine, Prefix, Token } from "./engine/engine.ts";
import { firstStop } from "./text-stream.ts";

/** Knows when an answer is over: at the end token, when a stop string is complete, or at the length limit. */
export class Ending {
  /** The longest answer, in tokens. */
  readonly limit: number;
  readonly #engine: Engine;
  readonly #prompt: Prefix;
  readonly #stops: readonly string[];
  /** No stop string spans more tokens than the longest one has bytes. */
  readonly #longestStop: number;

  constructor(engine: Engine, prompt: Prefix, { stop, limit }: { readonly stop: readonly string[]; readonly limit: number }) {
    this.limit = limit;
    this.#engine = engine;
    this.#prompt = prompt;
    this.#stops = stop;
    this.#longestStop = Math.max(0, ...stop.map((text) => new TextEncoder().encode(text).length));
  }

  /** Whether nothing may follow. To be asked after each token: a stop string is looked for at the end of the answer. */
  isOver(answer: readonly Token[]): boolean {
    return answer.length >= this.limit || this.#endsInEnd(answer) || this.#stopAt(this.#tail(answer)) >= 0;
  }

  /**
   * The part of an answer that will be read, and so is judged: without end token, and without the tokens of a stop string. A
   * token that only ends in it stays: what it says before is read.
   */
  readable(answer: readonly Token[]): readonly Token[] {
    if (this.#endsInEnd(answer)) return answer.slice(0, -1);
    const tail = this.#tail(answer);
    const stop = this.#stopAt(tail);
    if (stop < 0) return answer;
    let kept = tail.length;
    while (kept > 0 && this.#text({ ...tail, length: kept }).length > stop) kept--;
    if (this.#text({ ...tail, length: kept }).length < stop) kept++;
    return answer.slice(0, tail.start + kept);
  }

  #endsInEnd(answer: readonly Token[]): boolean {
    const last = answer.at(-1);
    return last !== undefined && this.#engine.isEnd(last);
  }

  #tail(answer: readonly Token[]): Tail {
    const start = Math.max(0, answer.length - this.#longestStop);
    return { answer, start, length: answer.length - start };
  }

  #stopAt(tail: Tail): number {
    return tail.length === 0 ? -1 : firstStop(this.#text(tail), this.#stops);
  }

  #text({ answer, start, length }: Tail): string {
    return this.#engine.detokenize(answer.slice(start, start + length), [...this.#prompt, ...answer.slice(0, start)]);
  }
}

/** Some tokens of an answer. */
interface Tail {
  readonly answer: readonly Token[];
  readonly start: number;
  readonly length: number;
}
