import type { ControlledEvaluateIndexOutput, ControlledEvaluateInputItem, LlamaContextSequence, Token as LlamaToken } from "node-llama-cpp";
import type { Token, TokenCandidate } from "../../core/engine.ts";
import { EngineError } from "../../core/errors.ts";
import { logProbabilities } from "../../core/sampler.ts";
import type { Wanted } from "./slot.ts";

/** Tokens to compute, and what to learn behind the last of them. */
export interface Evaluation extends Wanted {
  readonly tokens: readonly Token[];
}

export interface Evaluated {
  /** Likeliest first. */
  readonly candidates: readonly TokenCandidate[];
  readonly logits: ReadonlyMap<Token, number>;
}

/** Farther down, probabilities can be too small to be told from 0; of more tokens than these, logits are read. */
const MOST_STEPPED = 256;

type Metadata = { readonly probabilities: true };
type Steps = ReturnType<typeof LlamaContextSequence.prototype.evaluateWithMetadata<Metadata>>;

/**
 * Asks node-llama-cpp to compute. Plain decoding, a few candidates behind the last token and nothing else, goes through one
 * generator that lives as long as the sequence: its sampler is made once. Everything else goes through calls that make a
 * sampler each.
 */
export class Evaluator {
  readonly #sequence: LlamaContextSequence;
  #steps: Steps | undefined;
  #stepTopK = 0;

  constructor(sequence: LlamaContextSequence) {
    this.#sequence = sequence;
  }

  async evaluate(evaluation: Evaluation): Promise<Evaluated> {
    const { tokens, topK, logitsOf } = evaluation;
    if (topK > 0 && topK <= MOST_STEPPED && logitsOf.length === 0) return { candidates: await this.#step(tokens, topK), logits: new Map() };
    const output = (await this.#sequence.controlledEvaluate(inputs(evaluation))).at(tokens.length - 1);
    return { candidates: topK === 0 ? [] : candidatesIn(output, topK), logits: logitsIn(output, logitsOf) };
  }

  /**
   * Computes tokens; what is expected behind each of them. The library hands over each place's logits as a map, sorted: a place is made an
   * array and its map emptied before the next one comes, so that there is one map at a time however large the vocabulary.
   */
  async distributions(tokens: readonly Token[]): Promise<Float32Array[]> {
    const places: (Float32Array | undefined)[] = tokens.map(() => undefined);
    const onTokenResult = (place: number, { next: { logits } }: ControlledEvaluateIndexOutput) => {
      if (logits === undefined) return;
      places[place] = logProbabilities(logits);
      logits.clear();
    };
    const inputs = tokens.map((token) => [token as LlamaToken, { generateNext: { logits: true } }] as const);
    await this.#sequence.controlledEvaluate(
      inputs.map(([token, options]) => [token, options]),
      { onTokenResult },
    );
    return places.map((place) => place ?? new Float32Array()).map(checkedDistribution);
  }

  /** Frees the sampler. */
  async close(): Promise<void> {
    const steps = this.#steps;
    this.#steps = undefined;
    await steps?.return();
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

function inputs({ tokens, topK, logitsOf }: Evaluation): ControlledEvaluateInputItem[] {
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
