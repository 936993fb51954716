import type { ControlledEvaluateIndexOutput, ControlledEvaluateInputItem, LlamaContextSequence, Token as LlamaToken } from "node-llama-cpp";
import { EngineError } from "../errors.ts";
import type { Candidate } from "../sampler.ts";
import type { Token } from "./engine.ts";

/** Tokens to compute, and what to learn from them. */
export interface Evaluation {
  readonly tokens: readonly Token[];
  /** By index in `tokens`: how many of the likeliest next tokens to read there. */
  readonly topKs: ReadonlyMap<number, number>;
  /** Tokens whose logits behind the last of `tokens` are asked for. */
  readonly logitsOf: readonly Token[];
}

export interface Evaluated {
  /** By index in the tokens, likeliest first. */
  readonly candidates: ReadonlyMap<number, readonly Candidate[]>;
  /** In the order in which they were asked for. */
  readonly logits: readonly number[];
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
    const { tokens, topKs, logitsOf } = evaluation;
    const last = tokens.length - 1;
    const topK = topKs.get(last);
    if (topK !== undefined && topK <= MOST_STEPPED && topKs.size === 1 && logitsOf.length === 0) {
      return { candidates: new Map([[last, await this.#step(tokens, topK)]]), logits: [] };
    }
    const outputs = await this.#sequence.controlledEvaluate(inputs(evaluation));
    return {
      candidates: new Map([...topKs].map(([index, count]) => [index, candidatesAt(outputs[index], count)])),
      logits: logitsAt(outputs[last], logitsOf),
    };
  }

  /** Frees the sampler. */
  async close(): Promise<void> {
    const steps = this.#steps;
    this.#steps = undefined;
    await steps?.return();
  }

  async #step(tokens: readonly Token[], topK: number): Promise<Candidate[]> {
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

function inputs({ tokens, topKs, logitsOf }: Evaluation): ControlledEvaluateInputItem[] {
  return (tokens as readonly LlamaToken[]).map((token, index) => {
    const topK = topKs.get(index);
    if (topK !== undefined)
      return [token, { generateNext: { logits: { filter: { tokens: [], includeTop: topK } }, options: likeliest(topK) } }];
    if (logitsOf.length === 0 || index < tokens.length - 1) return token;
    return [token, { generateNext: { logits: { filter: { tokens: [...logitsOf] as LlamaToken[] } } } }];
  });
}

/**
 * Lets the native sampler cut the candidates down to `topK` before they are sorted and handed over; sorting the whole
 * vocabulary would cost a third of a small model's speed. At temperature 1 it leaves the logits as they are, and what it
 * draws itself is not used.
 */
function likeliest(topK: number) {
  return { temperature: 1, topK, topP: 1, minP: 0, seed: 0 };
}

function candidatesAt(output: ControlledEvaluateIndexOutput | undefined, topK: number): Candidate[] {
  return checked([...(output?.next.logits ?? [])].slice(0, topK).map(([token, logit]) => ({ token: token as number, logit })));
}

function logitsAt(output: ControlledEvaluateIndexOutput | undefined, tokens: readonly Token[]): number[] {
  const logits = tokens.map((token) => output?.next.logits?.get(token as LlamaToken) ?? Number.NaN);
  if (logits.some(Number.isNaN)) throw damaged(Number.NaN);
  return logits;
}

function checked(candidates: Candidate[]): Candidate[] {
  if (candidates.length === 0 || candidates.some(({ logit }) => Number.isNaN(logit))) throw damaged(candidates[0]?.logit);
  return candidates;
}

function damaged(logit: number | undefined): EngineError {
  return new EngineError(
    "decode-failed",
    `Expected the model to give numbers as logits, got \`${logit}\` (its file or its cache is damaged)`,
  );
}
