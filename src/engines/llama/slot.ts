import type { LlamaContextSequence, Token as LlamaToken } from "node-llama-cpp";
import type { Prefix, Token, TokenCandidate } from "../../core/engine.ts";
import { Evaluator } from "./evaluate.ts";
import { copySequence } from "./sequence-copy.ts";

/** How many places of a slot keep what was learned there. The places asked about again are the latest ones. */
const FORESIGHTS_KEPT = 64;

/** What to learn behind the last token of a prefix; the slot remembers it. */
export interface Wanted {
  /** So many of the likeliest next tokens; 0: none. */
  readonly topK: number;
  /** Tokens whose logits are wanted. */
  readonly logitsOf: readonly Token[];
}

/** What was learned at a place. */
interface Foresight {
  /** Likeliest first. */
  readonly candidates: readonly TokenCandidate[];
  readonly logits: ReadonlyMap<Token, number>;
}

/** One sequence of the context, with what it has computed. */
export class Slot {
  /** Place among the slots; llama.cpp numbers its sequences alike. */
  readonly index: number;
  readonly sequence: LlamaContextSequence;
  readonly evaluator: Evaluator;
  /** Held by one request: nobody else reads or writes it. */
  isClaimed = false;
  /** Requests that are copying from it: it may not be written. */
  readers = 0;
  /** Grows with every claim; 0 for a slot that was never used. */
  lastUsed = 0;
  /** In a row, while others were written in slots that are not beside this one. */
  tokensApart = 0;
  #tokens: Token[] = [];
  /** What was learned behind the first n tokens, by n: asking again costs no decode. */
  readonly #foresights = new Map<number, Foresight>();

  constructor(sequence: LlamaContextSequence, index: number) {
    this.index = index;
    this.sequence = sequence;
    this.evaluator = new Evaluator(sequence);
  }

  /** The tokens that are computed. */
  get tokens(): Prefix {
    return this.#tokens;
  }

  /** The likeliest `topK` tokens behind the first `length` ones, if they are known. */
  candidates(length: number, topK: number): readonly TokenCandidate[] | undefined {
    const { candidates = [] } = this.#foresights.get(length) ?? {};
    return candidates.length < topK ? undefined : candidates.slice(0, topK);
  }

  /** The logits of these tokens behind the first `length` ones, in their order, if they are known. */
  logits(length: number, tokens: readonly Token[]): readonly number[] | undefined {
    const known = this.#foresights.get(length)?.logits;
    return tokens.every((token) => known?.has(token)) ? tokens.map((token) => known?.get(token) as number) : undefined;
  }

  knows(length: number, { topK, logitsOf }: Wanted): boolean {
    return this.candidates(length, topK) !== undefined && this.logits(length, logitsOf) !== undefined;
  }

  remember(length: number, foresight: Foresight): void {
    this.#foresights.delete(length);
    this.#foresights.set(length, foresight);
    for (const oldest of this.#foresights.keys()) {
      if (this.#foresights.size <= FORESIGHTS_KEPT) break;
      this.#foresights.delete(oldest);
    }
  }

  /** Called when the sequence has computed these tokens. */
  append(tokens: readonly Token[]): void {
    this.#tokens.push(...tokens);
  }

  /** Drops all tokens from `length` on. Nothing is recomputed; a model that needs checkpoints may fall back further. */
  async rewind(length: number): Promise<void> {
    if (length >= this.#tokens.length) return;
    // A sequence that cannot drop its first token is emptied by the library itself.
    await this.sequence.adaptStateToTokens(this.#tokens.slice(0, length) as LlamaToken[], false);
    this.#shorten(this.sequence.nextTokenIndex);
  }

  /** Holds the first `length` tokens of `source` from now on. `false`: the copy failed, and the slot is empty. */
  async copyFrom(source: Slot, length: number): Promise<boolean> {
    this.#tokens = [];
    this.#foresights.clear();
    if (!(await copySequence(source.sequence, this.sequence))) {
      await this.clear();
      return false;
    }
    this.#tokens = [...source.#tokens];
    for (const [at, foresight] of source.#foresights) this.#foresights.set(at, foresight);
    await this.rewind(length);
    return true;
  }

  async clear(): Promise<void> {
    this.#shorten(0);
    await this.sequence.clearHistory();
  }

  #shorten(length: number): void {
    this.#tokens.length = length;
    for (const at of [...this.#foresights.keys()]) if (at > length) this.#foresights.delete(at);
  }
}

/** How many leading tokens two prefixes share. */
export function commonLength(left: Prefix, right: Prefix): number {
  const limit = Math.min(left.length, right.length);
  let length = 0;
  while (length < limit && left[length] === right[length]) length++;
  return length;
}
