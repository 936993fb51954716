/** What changes logits before a token is drawn: biases and penalties for repetition, with llama.cpp's meaning. A function of the prefix alone. */
import type { Engine, LogitsProcessing, Prefix, Token, TokenCandidate, Tokenizer } from "./engine.ts";

/** The tokens behind one prefix whose logits are changed, and how. */
export interface ProcessedLogits {
  /** Tokens whose logits may grow: they have to be known however unlikely these tokens are. */
  readonly raised: readonly Token[];
  /** How many others there are, whose logits never grow: of so many more of the likeliest tokens, as many are left as without them. */
  readonly lowered: number;
  /** Whether it matters where 0 is: the repetition penalty divides or multiplies by the sign. */
  readonly hasOwnLogits: boolean;
  /** The same candidate where nothing changes it. */
  process(candidate: TokenCandidate): TokenCandidate;
}

/** `undefined` where no logit is changed. */
export function processedBehind(
  prefix: Prefix,
  processing: LogitsProcessing | undefined,
  { tokenizer }: Engine,
): ProcessedLogits | undefined {
  if (processing === undefined) return undefined;
  const counts = countsIn(lastOf(prefix, processing.penaltyLastN), processing);
  const repeats = repeatsIn(prefix, processing, tokenizer);
  const { logitBias, repetitionPenalty, presencePenalty, frequencyPenalty } = processing;
  const biases = new Map(Object.entries(logitBias).map(([token, bias]) => [Number(token), bias > NEVER ? bias : Number.NEGATIVE_INFINITY]));
  const all = new Set([...biases.keys(), ...counts.keys(), ...repeats.keys()]);
  if (all.size === 0) return undefined;
  const isReward = repetitionPenalty < 1 || presencePenalty < 0 || frequencyPenalty < 0;
  const raised = [...all].filter((token) => (biases.get(token) ?? 0) > 0 || (isReward && counts.has(token)));
  const process = (candidate: TokenCandidate) => {
    const { token } = candidate;
    // In the order in which llama.cpp does it.
    const biased = candidate.logit + (biases.get(token) ?? 0);
    return { token, logit: penalised(biased, counts.get(token) ?? 0, processing) - (repeats.get(token) ?? 0) };
  };
  return { raised, lowered: all.size - raised.length, hasOwnLogits: repetitionPenalty !== 1 && counts.size > 0, process };
}

/** The bias with which a token is never drawn, as in OpenAI's API. */
const NEVER = -100;

/** @param length -1: all */
function lastOf(prefix: Prefix, length: number): Prefix {
  return length < 0 ? prefix : prefix.slice(Math.max(0, prefix.length - length));
}

/** How often each token occurs, where that matters. */
function countsIn(prefix: Prefix, { repetitionPenalty, presencePenalty, frequencyPenalty }: LogitsProcessing): ReadonlyMap<Token, number> {
  const counts = new Map<Token, number>();
  if (repetitionPenalty === 1 && presencePenalty === 0 && frequencyPenalty === 0) return counts;
  for (const token of prefix) counts.set(token, (counts.get(token) ?? 0) + 1);
  return counts;
}

/** The repetition penalty is that of Keskar et al., CTRL (2019): it divides what is above 0, and multiplies what is below. */
function penalised(logit: number, count: number, { repetitionPenalty, presencePenalty, frequencyPenalty }: LogitsProcessing): number {
  if (count === 0) return logit;
  const repeated = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty;
  return repeated - count * frequencyPenalty - presencePenalty;
}

/** A penalty is no larger than a 32-bit number: its natural logarithm. */
const LARGEST = 88.7;

/**
 * DRY ("don't repeat yourself"): what would go on with a repetition loses `multiplier * base ** (its length - allowed length)`. The text is followed back
 * to the latest sequence breaker.
 */
function repeatsIn(
  prefix: Prefix,
  { dryMultiplier, dryBase, dryAllowedLength, dryLastN, drySequenceBreakers }: LogitsProcessing,
  tokenizer: Tokenizer,
): ReadonlyMap<Token, number> {
  if (dryMultiplier === 0) return new Map();
  const last = lastOf(prefix, dryLastN);
  const longest = lengthBehindBreaker(last, drySequenceBreakers, tokenizer);
  const lengths = new Map<Token, number>();
  for (const [index, length] of repeatedEnds(last).entries()) {
    const repeated = Math.min(length, longest);
    const next = last[index] as Token;
    if (repeated >= dryAllowedLength && repeated > (lengths.get(next) ?? 0)) lengths.set(next, repeated);
  }
  const penalties = [...lengths].map(([token, length]): [Token, number] => {
    const growth = Math.min(length - dryAllowedLength, dryBase > 1 ? LARGEST / Math.log(dryBase) : Number.POSITIVE_INFINITY);
    return [token, dryMultiplier * dryBase ** growth];
  });
  return new Map(penalties);
}

/** For each index how many tokens right before it are those at the end: the Z-algorithm, from the end. The whole text does not count as a repetition. */
function repeatedEnds(tokens: readonly Token[]): number[] {
  const backwards = tokens.toReversed();
  const lengths = new Array<number>(tokens.length).fill(0);
  let [left, right] = [0, 0];
  for (let at = 1; at < backwards.length; at++) {
    let length = at < right ? Math.min(right - at, lengths[at - left] as number) : 0;
    while (at + length < backwards.length && backwards[length] === backwards[at + length]) length++;
    lengths[at] = length;
    if (at + length > right) [left, right] = [at, at + length];
  }
  // `at` tokens stand behind the copy that ends there.
  return tokens.map((_, index) => (index === 0 ? 0 : (lengths[tokens.length - index] as number)));
}

/** How many of the last tokens stand behind the latest text that ends repetitions. */
function lengthBehindBreaker(tokens: readonly Token[], breakers: readonly string[], tokenizer: Tokenizer): number {
  const longest = Math.max(0, ...breakers.map(({ length }) => length));
  for (let start = tokens.length - 1; start >= 0; start--) {
    let text = "";
    for (let end = start; end < tokens.length && end < start + longest; end++) {
      text += tokenizer.detokenize([tokens[end] as Token]);
      if (breakers.some((breaker) => text.includes(breaker))) return tokens.length - 1 - end;
    }
  }
  return tokens.length;
}
