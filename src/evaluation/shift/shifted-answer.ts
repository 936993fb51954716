import {
  answeredAtOnce,
  type Call,
  ContextFullError,
  Ending,
  type Engine,
  generate,
  type Prefix,
  plainConversation,
  RainError,
  stopStrings,
  type Token,
  type Turn,
} from "../../core/index.ts";
import { NEXT_TURN } from "../../pairs/index.ts";

/** A base model, and the model that was made of it. Both have the same vocabulary. */
export interface Pair<Item> {
  readonly base: Item;
  readonly aligned: Item;
}

/**
 * How a conversation is put to both models. `aligned`: both read the very same tokens, those of the aligned model's own format, as in the
 * paper; `own`: each reads its own format; `plain`: both read the same plain lines.
 */
export const SHIFT_LAYOUTS = ["aligned", "own", "plain"] as const;

export type ShiftLayout = (typeof SHIFT_LAYOUTS)[number];

/** What stands before the answer, as each model reads it. */
interface Contexts extends Pair<Prefix> {
  /** Whether the aligned model reads plain lines, in which it may go on with the next turn. */
  readonly isPlain: boolean;
}

function contextsOf(turns: readonly Turn[], layout: ShiftLayout, { base, aligned }: Pair<Engine>): Contexts {
  const isPlain = layout === "plain" || !aligned.facts.hasChatTemplate;
  const read = layout === "plain" ? aligned.tokenizer.renderText(plainConversation(turns)) : renderedFor(aligned, turns);
  return { aligned: read, base: layout === "own" ? renderedFor(base, turns) : read, isPlain };
}

/** Answers are compared, and no thoughts, of which a base model knows nothing. */
function renderedFor(engine: Engine, turns: readonly Turn[]): Prefix {
  return engine.tokenizer.render(answeredAtOnce(turns, engine));
}

export interface ShiftOptions {
  readonly layout: ShiftLayout;
  /** The longest answer, in tokens. A positive integer. */
  readonly maxTokens: number;
}

/** A token of an answer, as both models see it. */
export interface ShiftedToken extends Comparison {
  readonly token: Token;
  /** What it reads as; its name where that is nothing, or a part of a character. */
  readonly text: string;
  readonly favouriteText: string;
}

export interface ShiftedAnswer {
  readonly text: string;
  /** Whether it was cut at `maxTokens`, or at the end of a context. */
  readonly isCut: boolean;
  readonly tokens: readonly ShiftedToken[];
}

/** How much of both models' distributions is held at once: 32 places with a vocabulary of 128k. */
const HELD_BYTES = 32 * 1024 * 1024;

/**
 * The aligned model's greedy answer, and what both models expected in the place of each of its tokens.
 *
 * @throws {ContextFullError} where the conversation leaves no room for an answer with one of them
 */
export async function shiftedAnswer(turns: readonly Turn[], engines: Pair<Engine>, work: ShiftOptions & Call): Promise<ShiftedAnswer> {
  const contexts = contextsOf(turns, work.layout, engines);
  const maxTokens = Math.min(work.maxTokens, roomIn(contexts, engines));
  const call = { purpose: "draft", meter: work.meter, signal: work.signal } as const;
  const { tokens, isCut } = await greedyAnswer(engines.aligned, { prefix: contexts.aligned, isPlain: contexts.isPlain, maxTokens }, call);
  const compared = await compareAll(tokens, { contexts, engines, call: { ...call, purpose: "evaluate" } });
  return {
    text: engines.aligned.tokenizer.detokenize(tokens, contexts.aligned),
    isCut,
    tokens: compared.map((comparison, index) => {
      const before = [...contexts.aligned, ...tokens.slice(0, index)];
      const token = tokens[index] as Token;
      const reads = (one: Token) => readable(engines.aligned, one, before);
      return { ...comparison, token, text: reads(token), favouriteText: reads(comparison.favourite) };
    }),
  };
}

interface Comparing {
  readonly contexts: Contexts;
  readonly engines: Pair<Engine>;
  readonly call: Call;
}

/** Both models read the answer in parts, so that what they expect fits into memory however long it is. */
async function compareAll(tokens: readonly Token[], { contexts, engines, call }: Comparing): Promise<readonly Comparison[]> {
  const places = Math.max(1, Math.floor(HELD_BYTES / (2 * Float32Array.BYTES_PER_ELEMENT * engines.base.facts.vocabularySize)));
  const compared: Comparison[] = [];
  while (compared.length < tokens.length) {
    const from = compared.length;
    const part = tokens.slice(from, from + places);
    const passage = (side: keyof Pair<Engine>) => ({
      prefix: [...contexts[side], ...tokens.slice(0, from)],
      tokens: part,
      isAfresh: from === 0,
    });
    const aligned = await engines.aligned.distributions(passage("aligned"), call);
    const base = await engines.base.distributions(passage("base"), call);
    for (const [index, token] of part.entries())
      compared.push(compareAt(token, { base: base[index] as Float32Array, aligned: aligned[index] as Float32Array }));
  }
  return compared;
}

/** The longest answer that both contexts hold; its last token needs no place. */
function roomIn(contexts: Contexts, engines: Pair<Engine>): number {
  const rooms = (["base", "aligned"] as const).map((side) => {
    const [{ contextSize }, { length }] = [engines[side].facts, contexts[side]];
    if (length > contextSize) throw new ContextFullError(length, contextSize);
    return contextSize - length + 1;
  });
  return Math.min(...rooms);
}

function readable(engine: Engine, token: Token, before: readonly Token[]): string {
  const text = engine.tokenizer.detokenize([token], before);
  return text === "" || text.includes("\uFFFD") ? engine.tokenizer.nameOf(token) : text;
}

interface GreedyRequest {
  readonly prefix: Prefix;
  /** Whether the model reads plain lines: then its answer ends before the next turn. */
  readonly isPlain: boolean;
  /** A positive integer. */
  readonly maxTokens: number;
}

interface GreedyAnswer {
  /** The end token, if it came to one, is the last of them. */
  readonly tokens: readonly Token[];
  /** Whether it was cut at `maxTokens`. */
  readonly isCut: boolean;
}

/** What the model says when it always takes the likeliest token: the same whenever it is asked, whatever was asked before. */
async function greedyAnswer(engine: Engine, { prefix, isPlain, maxTokens }: GreedyRequest, call: Call): Promise<GreedyAnswer> {
  // Puts the prompt into the cache in the same batches each time: two tokens that are as likely but for a last digit might change places.
  await engine.distributions({ prefix, tokens: prefix.slice(-1), isAfresh: true }, { ...call, purpose: "prompt" });
  const ending = new Ending(engine, prefix, { boundary: isPlain ? NEXT_TURN : stopStrings([]), limit: maxTokens });
  const until = (tokens: readonly Token[]) => ending.isOver(tokens);
  const sampling = { temperature: 0, topK: 1, topP: 1, seed: 0 };
  const drawn: Token[] = [];
  for await (const { token } of generate(engine, { prefix, sampling, maxTokens, until }, call)) drawn.push(token);
  const last = drawn.at(-1);
  const end = last !== undefined && engine.tokenizer.isEnd(last) ? [last] : [];
  const said = ending.readable(drawn);
  return { tokens: [...said, ...end], isCut: end.length === 0 && said.length === maxTokens };
}

/** How far the base model is from what the aligned one says, as the URIAL paper names it. */
export const SHIFTS = ["unshifted", "marginal", "shifted"] as const;

export type Shift = (typeof SHIFTS)[number];

/** The last rank that counts as a marginal shift (URIAL). */
const LAST_MARGINAL = 3;

export function shiftOf(rank: number): Shift {
  if (rank === 1) return "unshifted";
  return rank <= LAST_MARGINAL ? "marginal" : "shifted";
}

/** What both models expected in the place of one token. */
interface Comparison {
  /** One more than there are tokens that the base model finds likelier. Tokens that are as likely share the better rank. From 1 on. */
  readonly rank: number;
  /** The token's probability with each model. */
  readonly probability: Pair<number>;
  /** What the base model finds likeliest; of equals the first in the vocabulary. */
  readonly favourite: Token;
  /** KL(aligned || base) in nats, over the whole vocabulary. 0 where both expect the same; `Infinity` where the base model rules out what may be. */
  readonly divergence: number;
}

/** Compares two distributions, given as logarithms, at one token. */
function compareAt(token: Token, { base, aligned }: Pair<Float32Array>): Comparison {
  const own = base[token] as number;
  let rank = 1;
  let favourite = 0;
  let divergence = 0;
  for (let other = 0; other < base.length; other++) {
    const logarithm = base[other] as number;
    if (logarithm > own) rank++;
    if (logarithm > (base[favourite] as number)) favourite = other;
    const expected = aligned[other] as number;
    const weight = Math.exp(expected);
    if (weight > 0) divergence += weight * (expected - logarithm);
  }
  const probability = { base: Math.exp(own), aligned: Math.exp(aligned[token] as number) };
  // It is never negative; its last digits may be.
  return { rank, probability, favourite, divergence: Math.max(0, divergence) };
}

/** Two models do not have the same tokens, so nothing that one expects can be looked up with the other. */
export class VocabularyError extends RainError {
  /** The first token that differs; `undefined` where one vocabulary is only longer. */
  readonly token: Token | undefined;

  constructor(message: string, token?: Token) {
    super(message);
    this.token = token;
  }
}

/**
 * Compares two vocabularies token by token.
 *
 * @throws {VocabularyError} that says how they differ
 */
export function checkSameVocabulary({ base, aligned }: Pair<Engine>): void {
  const sizes = { base: base.facts.vocabularySize, aligned: aligned.facts.vocabularySize };
  const common = Math.min(sizes.base, sizes.aligned);
  const differing: Token[] = [];
  for (let token = 0; token < common; token++) if (base.tokenizer.nameOf(token) !== aligned.tokenizer.nameOf(token)) differing.push(token);
  const [first] = differing;
  if (first === undefined && sizes.base === sizes.aligned) return;
  const sizesSaid = sizes.base === sizes.aligned ? `${common} tokens each` : `${sizes.base} and ${sizes.aligned} tokens`;
  const namesSaid =
    first === undefined
      ? `the first ${common} are the same`
      : `${differing.length} of the first ${common} differ, as token ${first}: ${shown(base.tokenizer.nameOf(first))} and ${shown(aligned.tokenizer.nameOf(first))}`;
  throw new VocabularyError(
    `Expected ${base.facts.model} and ${aligned.facts.model} to have the same vocabulary, got ${sizesSaid}; ${namesSaid} (choose the base model that the aligned one was made of)`,
    first,
  );
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 40));
}
