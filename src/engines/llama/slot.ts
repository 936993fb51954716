import type { ControlledEvaluateIndexOutput, ControlledEvaluateInputItem, LlamaContextSequence, Token as LlamaToken } from "node-llama-cpp";
import type { NextTokens, Prefix, Token, TokenCandidate } from "../../core/engine.ts";
import { EngineError } from "../../core/errors.ts";
import { logProbabilities } from "../../core/sampler.ts";

/** At how many positions a slot keeps logits. What is asked about again is among the latest ones. */
const LOGITS_KEPT = 64;

/** Farther down, probabilities can be too small to be told from 0; of more tokens than these, logits are read. */
const MOST_STEPPED = 256;

/** What to learn behind the last token of a prefix. */
export interface Wanted {
  /** Whether logits are to be the model's own, and not those of probabilities, which are moved by a constant. */
  readonly hasOwnLogits: boolean;
  /** So many of the likeliest next tokens; 0: none. */
  readonly topK: number;
  /** Tokens whose logits are wanted. */
  readonly logitsOf: readonly Token[];
}

/**
 * A prefix, and how it is to be computed. The numbers of a token differ in their last digits with the decode call that it is computed in: its size,
 * and its place in it (`docs/decisions/0028-same-seed-same-text.md`).
 */
export interface ReadingPlan {
  readonly prefix: Prefix;
  /** By a token's index, where in the prefix the call ends that computes it, with nothing else in it; `undefined`: any call will do. */
  readonly callEnd?: ((index: number) => number | undefined) | undefined;
}

/** Where the call ended that computed a token which was not alone in it. */
const IN_COMPANY = 0;

/** Tokens to compute, and what to learn behind the last of them. */
export interface Evaluation extends Wanted {
  readonly tokens: readonly Token[];
}

/** What was learned at a position. */
interface Logits {
  /** Likeliest first. */
  readonly candidates: readonly TokenCandidate[];
  readonly logits: ReadonlyMap<Token, number>;
  readonly isOwn: boolean;
}

type Metadata = { readonly probabilities: true };
type Steps = ReturnType<typeof LlamaContextSequence.prototype.evaluateWithMetadata<Metadata>>;

/** One sequence of the context: the tokens that are computed in it, and the logits that were read on the way. */
export class Slot {
  /** Place among the slots; llama.cpp numbers its sequences alike. */
  readonly index: number;
  /** Claimed by one request: no other one reads or writes it. */
  isClaimed = false;
  /** Requests that are copying from it: it may not be written. */
  readers = 0;
  /** Grows with every claim; 0 for a slot that was never used. */
  lastUsed = 0;
  /** Tokens in a row that a generation computed here while others ran in slots that are not beside this one. */
  tokensApart = 0;
  /** Whether the model can only be rewound to points where its state was saved. */
  readonly needsCheckpoints: boolean;
  /** Behind so many tokens, what is computed here parts from what was computed before: to be saved, as others will part there, too. */
  partsAt = 0;
  readonly #sequence: LlamaContextSequence;
  readonly #mostCheckpoints: number;
  #tokens: Token[] = [];
  /** By a token's index, where the call ended that computed it. */
  #callEnds: number[] = [];
  /** Behind so many tokens the state is saved, ascending: what the library has, of which it tells only the last. */
  #checkpoints: readonly number[] = [];
  /** What was learned behind the first n tokens, by n: asking again costs no decode. */
  readonly #logitsCache = new Map<number, Logits>();
  /** One generator, and so one native sampler, for as long as `#stepTopK` stays the same. */
  #steps: Steps | undefined;
  #stepTopK = 0;

  /** @param mostCheckpoints as many as the sequence keeps */
  constructor(sequence: LlamaContextSequence, index: number, mostCheckpoints: number) {
    this.#sequence = sequence;
    this.index = index;
    this.#mostCheckpoints = mostCheckpoints;
    this.needsCheckpoints = sequence.needsCheckpoints;
  }

  /** The tokens that are computed. */
  get tokens(): Prefix {
    return this.#tokens;
  }

  /** By a token's index, where the call ended that computed it; 0 where other requests or prefixes were in that call. */
  get callEnds(): readonly number[] {
    return this.#callEnds;
  }

  /** How many of the first `limit` tokens of a reading are here, computed as it wants them. Never a part of a call. */
  held({ prefix, callEnd }: ReadingPlan, limit = prefix.length): number {
    let whole = 0;
    for (let index = 0; index < limit && index < this.#tokens.length && prefix[index] === this.#tokens[index]; index++) {
      const end = callEnd?.(index);
      if (end !== undefined && end !== this.#callEnds[index]) break;
      if (end === undefined || end === index + 1) whole = index + 1;
    }
    return whole;
  }

  /** How many tokens stay when all behind the first `length` are dropped: of a model that needs checkpoints, those before the last one. */
  keptAt(length: number): number {
    if (!this.needsCheckpoints || length >= this.#tokens.length) return length;
    return this.#checkpoints.findLast((at) => at <= length) ?? 0;
  }

  get canCopy(): boolean {
    return isCopying(this.#sequence);
  }

  knows(length: number, { topK, logitsOf, hasOwnLogits }: Wanted): boolean {
    const { candidates = [], logits, isOwn = false } = this.#logitsCache.get(length) ?? {};
    return candidates.length >= topK && logitsOf.every((token) => logits?.has(token)) && (isOwn || !hasOwnLogits);
  }

  /** What is wanted behind the first `length` tokens, which was learned there. */
  next(length: number, { topK, logitsOf }: Wanted): NextTokens {
    const { candidates = [], logits } = this.#logitsCache.get(length) ?? {};
    return { likeliest: candidates.slice(0, topK), logits: logitsOf.map((token) => logits?.get(token) as number) };
  }

  /**
   * Asks node-llama-cpp to compute these tokens; `append` says that they are. Plain decoding, a few candidates behind the last token and
   * nothing else, goes through one generator that lives as long as the sequence. All else goes through calls that make a sampler each.
   */
  async evaluate(evaluation: Evaluation): Promise<Logits> {
    const { tokens, topK, logitsOf, hasOwnLogits } = evaluation;
    if (topK > 0 && topK <= MOST_STEPPED && logitsOf.length === 0 && !hasOwnLogits)
      return { candidates: await this.#step(tokens, topK), logits: new Map(), isOwn: false };
    const output = (await this.#sequence.controlledEvaluate(inputsOf(evaluation))).at(tokens.length - 1);
    return { candidates: topK === 0 ? [] : candidatesIn(output, topK), logits: logitsIn(output, logitsOf), isOwn: true };
  }

  /**
   * Computes tokens; what is expected behind each of them. The library hands over each position's logits as a map, sorted: a position is made
   * an array and its map emptied before the next one comes, so that there is one map at a time however large the vocabulary.
   */
  async distributions(tokens: readonly Token[]): Promise<Float32Array[]> {
    const positions: (Float32Array | undefined)[] = tokens.map(() => undefined);
    const onTokenResult = (position: number, { next: { logits } }: ControlledEvaluateIndexOutput) => {
      if (logits === undefined) return;
      positions[position] = logProbabilities(logits);
      logits.clear();
    };
    const inputs = tokens.map((token): ControlledEvaluateInputItem => [token as LlamaToken, { generateNext: { logits: true } }]);
    await this.#sequence.controlledEvaluate(inputs, { onTokenResult });
    return positions.map((position) => checkedDistribution(position ?? new Float32Array()));
  }

  /**
   * Called when the sequence has computed these tokens, and learned this behind the last of them.
   *
   * @param callEnd missing where they were computed in company
   */
  append(tokens: readonly Token[], learned?: Logits, callEnd?: ReadingPlan["callEnd"]): void {
    for (const token of tokens) {
      this.#callEnds.push(callEnd?.(this.#tokens.length) ?? IN_COMPANY);
      this.#tokens.push(token);
    }
    if (learned === undefined || (learned.candidates.length === 0 && learned.logits.size === 0)) return;
    this.#logitsCache.delete(this.#tokens.length);
    this.#logitsCache.set(this.#tokens.length, learned);
    for (const oldest of this.#logitsCache.keys()) {
      if (this.#logitsCache.size <= LOGITS_KEPT) break;
      this.#logitsCache.delete(oldest);
    }
  }

  /** Saves the state behind the last token, for a model that cannot rewind freely, unless it is saved. The oldest one is dropped for it. */
  async takeCheckpoint(): Promise<void> {
    const { length } = this.#tokens;
    if (!this.needsCheckpoints || length === 0 || this.#checkpoints.at(-1) === length) return;
    await this.#sequence.takeCheckpoint();
    this.#checkpoints = [...this.#checkpoints, length].slice(-this.#mostCheckpoints);
  }

  /** Keeps the first `length` tokens, or fewer where the model cannot rewind so far back. */
  async rewind(length: number): Promise<void> {
    if (length >= this.#tokens.length) return;
    // A sequence that cannot drop its first token is emptied by the library itself.
    await this.#sequence.adaptStateToTokens(this.#tokens.slice(0, length) as LlamaToken[], false);
    this.#shorten(this.#sequence.nextTokenIndex);
  }

  /** Holds the first `length` tokens of `source` from now on; none, where the copy fails. */
  async copyFrom(source: Slot, length: number): Promise<void> {
    this.#tokens = [];
    this.#callEnds = [];
    this.#checkpoints = [];
    this.#logitsCache.clear();
    if (!(await copySequence(source.#sequence, this.#sequence))) {
      await this.clear();
      return;
    }
    this.#tokens = [...source.#tokens];
    this.#callEnds = [...source.#callEnds];
    this.#checkpoints = source.#checkpoints;
    for (const [at, logits] of source.#logitsCache) this.#logitsCache.set(at, logits);
    await this.rewind(length);
  }

  async clear(): Promise<void> {
    this.#shorten(0);
    await this.#sequence.clearHistory();
  }

  /** Frees the sampler. */
  async close(): Promise<void> {
    const steps = this.#steps;
    this.#steps = undefined;
    await steps?.return();
  }

  #shorten(length: number): void {
    this.#tokens.length = length;
    this.#callEnds.length = length;
    this.#checkpoints = this.#checkpoints.filter((at) => at <= length);
    for (const at of [...this.#logitsCache.keys()]) if (at > length) this.#logitsCache.delete(at);
  }

  async #step(tokens: readonly Token[], topK: number): Promise<TokenCandidate[]> {
    if (this.#stepTopK !== topK) await this.close();
    const next = [...tokens] as LlamaToken[];
    const isFirst = this.#steps === undefined;
    this.#steps ??= this.#sequence.evaluateWithMetadata(next, { probabilities: true }, { ...likeliest(topK), yieldEogToken: true });
    this.#stepTopK = topK;
    try {
      const { value } = await (isFirst ? this.#steps.next() : this.#steps.next(next));
      // The probabilities are those among the `topK` candidates: as good as logits, which matter up to a constant.
      return checked([...(value?.probabilities ?? [])].map(([token, probability]) => ({ token, logit: Math.log(probability) })));
    } catch (cause) {
      this.#steps = undefined;
      throw cause;
    }
  }
}

/** How many leading tokens two prefixes share. */
export function commonLength(left: Prefix, right: Prefix): number {
  const limit = Math.min(left.length, right.length);
  let length = 0;
  while (length < limit && left[length] === right[length]) length++;
  return length;
}

interface Copying {
  _copyStateFromOtherSequence(source: LlamaContextSequence, length: number): Promise<boolean>;
}

/**
 * Makes `target` hold all that `source` holds. `false`: it could not, and `target` holds nothing to rely on. node-llama-cpp 3.22 can do it,
 * and its own decision context does, but the method is not in its types. Without it an engine computes again what it would have copied.
 *
 * The call returns at once; llama.cpp moves the memory with the next decode. That moves a whole sequence's cells however
 * few are in use: on a CPU about half a decode step for a 135M model with 2,048 cells.
 */
export async function copySequence(source: LlamaContextSequence, target: LlamaContextSequence): Promise<boolean> {
  return isCopying(target) && (await target._copyStateFromOtherSequence(source, source.nextTokenIndex));
}

function isCopying(sequence: LlamaContextSequence): sequence is LlamaContextSequence & Copying {
  return "_copyStateFromOtherSequence" in sequence && typeof sequence._copyStateFromOtherSequence === "function";
}

function inputsOf({ tokens, topK, logitsOf }: Evaluation): ControlledEvaluateInputItem[] {
  const items: ControlledEvaluateInputItem[] = [...tokens] as LlamaToken[];
  if (topK === 0 && logitsOf.length === 0) return items;
  const logits = { filter: { tokens: [...logitsOf] as LlamaToken[], includeTop: topK } };
  // Cut down to the likeliest, the candidates would lack the tokens that are asked for by name.
  const options = logitsOf.length === 0 ? { options: likeliest(topK) } : {};
  return items.with(-1, [tokens.at(-1) as LlamaToken, { generateNext: { logits, ...options } }]);
}

/**
 * Lets the native sampler cut the candidates down to `topK` before they are sorted and handed over; sorting the whole
 * vocabulary would cost a third of a small model's speed. At temperature 1 it leaves the logits as they are, and what it
 * draws itself is not used.
 */
function likeliest(topK: number) {
  return { temperature: 1, topK, topP: 1, minP: 0, seed: 0 };
}

function candidatesIn(output: ControlledEvaluateIndexOutput | undefined, topK: number): TokenCandidate[] {
  return checked([...(output?.next.logits ?? [])].slice(0, topK).map(([token, logit]) => ({ token: token as number, logit })));
}

function logitsIn(output: ControlledEvaluateIndexOutput | undefined, tokens: readonly Token[]): Map<Token, number> {
  const logits = tokens.map((token) => [token, output?.next.logits?.get(token as LlamaToken) ?? Number.NaN] as const);
  if (logits.some(([, logit]) => Number.isNaN(logit))) throw damaged(Number.NaN);
  return new Map(logits);
}

function checked(candidates: TokenCandidate[]): TokenCandidate[] {
  if (candidates.length === 0 || candidates.some(({ logit }) => Number.isNaN(logit))) throw damaged(candidates[0]?.logit);
  return candidates;
}

function checkedDistribution(distribution: Float32Array): Float32Array {
  // One logit that is no number makes all of them none.
  if (distribution.length === 0 || distribution.includes(Number.NaN)) throw damaged(distribution[0]);
  return distribution;
}

function damaged(logit: number | undefined): EngineError {
  return new EngineError(
    "decode-failed",
    `Expected the model to give numbers as logits, got \`${logit}\` (its file or its cache is damaged)`,
  );
}
