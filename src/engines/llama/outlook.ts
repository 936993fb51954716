import type { Token } from "../../core/engine.ts";
import { EngineError } from "../../core/errors.ts";
import type { TokenCandidate } from "../../core/sampler.ts";
import type { FormattedText } from "../json-format/formatted-text.ts";
import type { Slot, Wanted } from "./slot.ts";

/** What is to be known of the next token: the likeliest `topK`, of those that the format allows where there is one. */
export interface Outlook {
  readonly topK: number;
  readonly text: FormattedText | undefined;
}

/** Up to this many allowed tokens, their logits are read one by one. Reading goes through the whole vocabulary for each of them. */
const FEW = 64;

/** Where more are allowed, so many of the likeliest tokens are read at first, in which enough allowed ones are nearly always found. */
const WIDE = 256;

/** ... and where they are not, so many times as many. Then the last token of the prefix is computed once more. */
const WIDER = 16;

/**
 * What to read of the model: where the format allows few tokens, exactly these; where it allows many, as inside a string, the likeliest
 * of all, in which it then chooses.
 *
 * @throws {EngineError} when the vocabulary has no token with which the text could go on
 */
export function wantedFor({ topK, text }: Outlook, vocabularySize: number): Wanted {
  if (text === undefined) return { topK, logitsOf: [] };
  const few = text.allowed(Math.max(FEW, topK));
  if (few === undefined) return { topK: Math.min(vocabularySize, Math.max(WIDE, topK)), logitsOf: [] };
  if (few.length > 0) return { topK: 0, logitsOf: few };
  throw new EngineError(
    "format-unsupported",
    "Expected a token that goes on with the format, got none in the vocabulary (choose another model)",
  );
}

/** The next larger thing to read when the last one told too little. */
export function wider({ topK, logitsOf }: Wanted, vocabularySize: number): Wanted {
  return { topK: Math.min(vocabularySize, topK * WIDER), logitsOf };
}

/** Where it was read, and what. */
export interface Read {
  readonly slot: Slot;
  readonly wanted: Wanted;
  readonly vocabularySize: number;
}

/** The likeliest `topK` tokens that may follow all that the slot holds, likeliest first; `undefined` when too little was read to tell. */
export function candidatesIn({ topK, text }: Outlook, { slot, wanted, vocabularySize }: Read): readonly TokenCandidate[] | undefined {
  const { length } = slot.tokens;
  const likeliest = slot.candidates(length, wanted.topK) ?? [];
  if (text === undefined) return likeliest;
  if (wanted.logitsOf.length > 0) return inOrder(wanted.logitsOf, slot.logits(length, wanted.logitsOf) ?? []).slice(0, topK);
  const allowed: TokenCandidate[] = [];
  for (const candidate of likeliest) {
    if (allowed.length === topK) break;
    if (isPossible(candidate) && text.allows(candidate.token)) allowed.push(candidate);
  }
  return allowed.length === topK || wanted.topK === vocabularySize ? allowed : undefined;
}

function inOrder(tokens: readonly Token[], logits: readonly number[]): TokenCandidate[] {
  const candidates = tokens.map((token, index) => ({ token, logit: logits[index] as number }));
  return candidates.filter(isPossible).sort((left, right) => right.logit - left.logit || left.token - right.token);
}

/** Some models never say some tokens, which are only there to fill up their vocabulary. */
function isPossible({ logit }: TokenCandidate): boolean {
  return logit > Number.NEGATIVE_INFINITY;
}
