import { EngineError } from "../errors.ts";
import type { FormattedText } from "../format/formatted-text.ts";
import type { Candidate } from "../sampler.ts";
import type { Wanted } from "./llama-slot-pool.ts";

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
  if (text === undefined) return { topK };
  const few = text.allowed(Math.max(FEW, topK));
  if (few === undefined) return { topK: Math.min(vocabularySize, Math.max(WIDE, topK)) };
  if (few.length > 0) return { logitsOf: few };
  throw new EngineError(
    "format-unsupported",
    "Expected a token that goes on with the format, got none in the vocabulary (choose another model)",
  );
}

/** The next larger thing to read when the last one told too little. */
export function wider(wanted: Wanted, vocabularySize: number): Wanted {
  return "topK" in wanted ? { topK: Math.min(vocabularySize, wanted.topK * WIDER) } : wanted;
}

/** What was read: the likeliest tokens of all, or the logits of those that were asked for. */
export interface Read {
  readonly wanted: Wanted;
  readonly likeliest: readonly Candidate[];
  readonly logits: readonly number[];
}

/** The likeliest `topK` that may follow, likeliest first; `undefined` when too little was read to tell. */
export function candidatesIn({ topK, text }: Outlook, read: Read, vocabularySize: number): readonly Candidate[] | undefined {
  if (text === undefined) return read.likeliest;
  if ("logitsOf" in read.wanted) {
    const { wanted, logits } = read;
    const candidates = wanted.logitsOf.map((token, index) => ({ token, logit: logits[index] as number })).filter(isPossible);
    return candidates.sort((left, right) => right.logit - left.logit || left.token - right.token).slice(0, topK);
  }
  const allowed: Candidate[] = [];
  for (const candidate of read.likeliest) {
    if (allowed.length === topK) break;
    if (isPossible(candidate) && text.allows(candidate.token)) allowed.push(candidate);
  }
  return allowed.length === topK || read.wanted.topK === vocabularySize ? allowed : undefined;
}

/** Some models never say some tokens, which are only there to fill up their vocabulary. */
function isPossible({ logit }: Candidate): boolean {
  return logit > Number.NEGATIVE_INFINITY;
}
