/** Which tokens may come next under a format, and how little of the model has to be read to choose among them. */
import type { Call, Engine, NextTokenQuery, NextTokens, Prefix, TokenCandidate } from "./engine.ts";
import { EngineError } from "./errors.ts";
import type { ProcessedLogits } from "./logits-processing.ts";
import type { Formats, Formatted, FormattedText, OutputFormat } from "./output-format.ts";

/** What is to be known of the token behind a prefix: the likeliest `topK`, of those that the format allows where there is one. */
export interface Lookout {
  readonly prefix: Prefix;
  readonly topK: number;
  readonly text: FormattedText | undefined;
  /** Tokens behind the prefix whose logits are changed. */
  readonly processed?: ProcessedLogits | undefined;
  /** As in `NextTokenQuery`, both. */
  readonly writtenFrom?: number | undefined;
  readonly isExact?: boolean;
}

/** What is read of the model for it. */
type MaskRead = Required<Pick<NextTokenQuery, "topK" | "tokens" | "hasOwnLogits">>;

/** Up to this many allowed tokens, their logits are read one by one. An engine may go through the whole vocabulary for each of them. */
const FEW = 64;

/** Where more are allowed, so many of the likeliest tokens are read at first, in which enough allowed ones are nearly always found. */
const WIDE = 256;

/** ... and where they are not, so many times as many. Then the last token of the prefix is computed once more. */
const WIDER = 16;

/** Where logits are processed, tokens are read by so many: one more that is repeated is no more to read, and what was read along will do. */
const STEP = 64;

/** @throws {EngineError} `format-unsupported`, in one line that says what is at fault: a part of the format, or an engine that knows none */
export function checkFormat(engine: Engine, format: OutputFormat): void {
  formatsOf(engine).check(format);
}

/** @throws {EngineError} `format-unsupported` */
export function beginFormatted(
  engine: Engine,
  { format, ...formatted }: Formatted & { readonly prefix: Prefix },
): FormattedText | undefined {
  return format === undefined ? undefined : formatsOf(engine).begin({ ...formatted, format });
}

function formatsOf({ formats, facts }: Engine): Formats {
  if (formats !== undefined) return formats;
  const complaint = `Expected an engine that writes under a format, got that of ${facts.model}, which knows none (choose another engine)`;
  throw new EngineError("format-unsupported", complaint);
}

/** For each the likeliest tokens that may follow its prefix, likeliest first. One batch, but for those of which more has to be read. */
export async function candidatesBehind(engine: Engine, lookouts: readonly Lookout[], call: Call): Promise<(readonly TokenCandidate[])[]> {
  const found = new Map<Lookout, readonly TokenCandidate[]>();
  let open = lookouts.map((lookout) => ({ lookout, reading: firstRead(lookout) }));
  while (open.length > 0) {
    const read = await engine.next(
      open.map(({ lookout: { prefix, writtenFrom, isExact = false }, reading }) => ({ prefix, writtenFrom, isExact, ...reading })),
      call,
    );
    open = open.flatMap(({ lookout, reading }, index) => {
      const told = read[index];
      if (told === undefined) throw tooFew(open.length, read.length);
      const candidates = candidatesIn(lookout, reading, told);
      if (candidates === undefined) return [{ lookout, reading: wider(lookout, reading, told) }];
      found.set(lookout, candidates);
      return [];
    });
  }
  return lookouts.map((lookout) => found.get(lookout) as readonly TokenCandidate[]);
}

function tooFew(asked: number, told: number): EngineError {
  return new EngineError(
    "decode-failed",
    `Expected the engine to say what follows ${asked} prefixes, got ${told} (the engine is at fault)`,
  );
}

/**
 * What to read of the model: where the format allows few tokens, exactly these; where it allows many, as inside a string, the likeliest
 * of all, in which it then chooses.
 *
 * @throws {EngineError} when the vocabulary has no token with which the text could go on
 */
export function firstRead({ topK: wanted, text, processed }: Omit<Lookout, "prefix">): MaskRead {
  const { raised: tokens, lowered, hasOwnLogits } = processed ?? { raised: [], lowered: 0, hasOwnLogits: false };
  // Each that is lowered may fall behind another one, and each that is raised may be among the likeliest already.
  const topK = processed === undefined ? wanted : STEP * Math.ceil((wanted + tokens.length + lowered) / STEP);
  if (text === undefined) return { topK, tokens, hasOwnLogits };
  const few = text.allowed(Math.max(FEW, topK));
  if (few === undefined) return { topK: Math.max(WIDE, topK), tokens, hasOwnLogits };
  if (few.length > 0) return { topK: 0, tokens: few, hasOwnLogits };
  throw new EngineError(
    "format-unsupported",
    "Expected a token that goes on with the format, got none in the vocabulary (choose another model)",
  );
}

/** The likeliest `topK` tokens that may follow, likeliest first; `undefined` when too little was read to tell. */
function candidatesIn(lookout: Lookout, reading: MaskRead, told: NextTokens): readonly TokenCandidate[] | undefined {
  const { topK, text } = lookout;
  const candidates = inOrder(lookout, reading, told);
  if (text === undefined || reading.topK === 0) return candidates.slice(0, topK);
  const hasAll = areAll(told.likeliest, reading);
  // What was lowered farther than that may stand behind others that were not read.
  const least = hasAll ? Number.NEGATIVE_INFINITY : (told.likeliest.at(-1)?.logit ?? Number.NEGATIVE_INFINITY);
  const allowed: TokenCandidate[] = [];
  for (const candidate of candidates) {
    if (allowed.length === topK || candidate.logit < least) break;
    if (isPossible(candidate) && text.allows(candidate.token)) allowed.push(candidate);
  }
  const isEnough = allowed.length === topK || (allowed.length > 0 && hasAll);
  return isEnough ? allowed : undefined;
}

/** All that was read, likeliest first, as it is where logits are processed. */
function inOrder({ processed }: Lookout, { tokens }: MaskRead, { likeliest, logits }: NextTokens): readonly TokenCandidate[] {
  if (tokens.length === 0 && processed === undefined) return likeliest;
  const named = new Map(tokens.map((token, index) => [token, logits[index] as number]));
  const others = likeliest.filter(({ token }) => !named.has(token));
  const read = [...others, ...[...named].map(([token, logit]) => ({ token, logit }))];
  const changed = processed === undefined ? read : read.map(processed.process);
  return changed.filter(isPossible).sort((left, right) => right.logit - left.logit || left.token - right.token);
}

/** More of the likeliest tokens; where there are no more, of which none may follow, all that may. */
function wider({ text }: Lookout, reading: MaskRead, { likeliest }: NextTokens): MaskRead {
  if (areAll(likeliest, reading)) return { ...reading, topK: 0, tokens: text?.allowed(Number.POSITIVE_INFINITY) ?? [] };
  return { ...reading, topK: reading.topK * WIDER };
}

/** Where fewer were told than were asked for, there are no more. */
function areAll({ length }: NextTokens["likeliest"], { topK }: MaskRead): boolean {
  return length < topK;
}

/** Some models never say some tokens, which are only there to fill up their vocabulary. What is no number stays, and is found out where it is drawn. */
function isPossible({ logit }: TokenCandidate): boolean {
  return logit !== Number.NEGATIVE_INFINITY;
}
