/**
 * What the search needs of a language model, and nothing more.
 *
 * Everything is addressed by *prefix*, all tokens from the first one up to a node of the search tree, so the search never
 * knows the cache: a prefix shorter than the last one **is** the rewind. `test/contracts/engine-contract.ts` says what an
 * engine must do; every engine passes it.
 */
import type { FindJudge } from "./judge/verdict.ts";
import type { Meter, Purpose } from "./meter.ts";
import type { SuggestedSampling } from "./options.ts";
import type { Formats, Formatted } from "./output-format.ts";
import type { CallFormat, Tool, ToolCall } from "./tool.ts";

/** A token's number in the vocabulary of one engine. */
export type Token = number;

/** All tokens up to a point, the beginning-of-text token included. */
export type Prefix = readonly Token[];

/** `tool`: the result of a call. */
export type Role = "system" | "user" | "assistant" | "tool";

/** One chat message. */
export interface Turn {
  readonly role: Role;
  readonly text: string;
  /** What may be called in this conversation. Of the first turn. */
  readonly tools?: readonly Tool[];
  /** What an assistant calls, behind its text. */
  readonly calls?: readonly ToolCall[];
  /** Of an assistant's last turn: it is about to make a call. */
  readonly isCalling?: boolean;
  /** Of a tool's turn: whose result it is. */
  readonly callId?: string;
  /** Of the first turn: the template is asked that the model answers at once. */
  readonly thinks?: false;
  /** Of an assistant's last turn: what the model has read between the prompt and its text, token for token, such as a thought with its marks. */
  readonly opening?: readonly Token[];
}

/** How a model thinks before it answers: what the template writes, and the model itself, in tokens. */
export interface Thinking {
  /** Opens a thought. */
  readonly open: readonly Token[];
  /** Opens what some say before they have thought, such as what they are about to do: it is closed like a thought, and taken for one. */
  readonly preamble?: readonly Token[];
  /** Closes it. */
  readonly close: readonly Token[];
  /** Whether prompts end inside a thought already. */
  readonly isOpen: boolean;
  /** What is written behind a thought that the model does not close, up to where the answer begins. */
  readonly closing: readonly Token[];
  /** What is written behind a thought that the model has closed, up to where the answer begins; nothing for most. */
  readonly lead: readonly Token[];
  /** What a model without a thought writes in front of its answer; nothing for most. */
  readonly header: readonly Token[];
  /** What is written behind a prompt that asks for no thought, so that the model answers at once. */
  readonly unasked: readonly Token[];
  /** A string that some write behind an answer to end it. */
  readonly end?: string | undefined;
}

/** How the next token is drawn. */
export interface Sampling {
  /** 0 takes the likeliest token; above 1 flattens the distribution. Range [0, 10]. */
  readonly temperature: number;
  /** Only the `topK` likeliest tokens, of those that a format allows, are candidates. A positive integer. */
  readonly topK: number;
  /** Of those, the fewest whose probabilities (at this temperature) reach `topP`. Range (0, 1]. */
  readonly topP: number;
  /** Of those, such as have at least this share of the likeliest one's probability; 0: all. Range [0, 1]. @default 0 */
  readonly minP?: number | undefined;
  /**
   * XTC ("exclude top choices"): with this probability, of those that have `xtcThreshold` or more all but the unlikeliest are left out. Range [0, 1]. @default 0
   */
  readonly xtcProbability?: number | undefined;
  /** Range [0, 1]; above 0.5 nothing is left out. @default 0.1 */
  readonly xtcThreshold?: number | undefined;
  /**
   * The token at position i of a prefix is drawn with a random number that depends on (`seed`, i) and on nothing else. So
   * a continuation is the same however it was paused, batched, rewound or resumed, as far as the model's numbers are (`NextTokenQuery.isExact`).
   */
  readonly seed: number;
}

/** How logits are changed before anything is drawn from them, as llama.cpp does it and by its names. The prompt counts as text that is repeated. */
export interface LogitsProcessing {
  /** What is added to a token's logit, by its number; -100: it is never drawn. */
  readonly logitBias: Readonly<Record<number, number>>;
  /** Logits of tokens that occurred are divided by this where they are above 0, else multiplied. 1: nothing. Above 0. */
  readonly repetitionPenalty: number;
  /** Taken off the logit of each token that occurred. 0: nothing. */
  readonly presencePenalty: number;
  /** ... as many times as it occurred. */
  readonly frequencyPenalty: number;
  /** How many tokens these three look back; -1: all. */
  readonly penaltyLastN: number;
  /** DRY: what goes on with a repetition loses `dryMultiplier * dryBase ** (length - dryAllowedLength)`. 0: nothing. */
  readonly dryMultiplier: number;
  readonly dryBase: number;
  /** The length from which on a repetition costs, in tokens. */
  readonly dryAllowedLength: number;
  /** How many tokens DRY looks back; -1: all. */
  readonly dryLastN: number;
  /** Behind these strings a repetition begins anew. */
  readonly drySequenceBreakers: readonly string[];
}

/** What holds for each token of a text. */
export interface Constrained extends Formatted {
  /** @default logits stay as they are */
  readonly processing?: LogitsProcessing | undefined;
  /** Where in `prefix` begins what was written token by token: `NextTokenQuery.writtenFrom`. @default the prefix's end */
  readonly writtenFrom?: number | undefined;
}

/** A request to continue a prefix. */
export interface Continuation extends Constrained {
  readonly prefix: Prefix;
  readonly sampling: Sampling;
  /** Upper bound on new tokens, the end token included. A positive integer. */
  readonly maxTokens: number;
  /** Asked after each new token with all new tokens so far; `true` ends the continuation there, that token included. */
  readonly until?: (tokens: readonly Token[]) => boolean;
}

/** Asks for the likeliest next tokens. */
export interface Lookahead extends Constrained {
  readonly prefix: Prefix;
  /** A positive integer. */
  readonly count: number;
}

/** A token that was drawn. The end-of-generation token is yielded too, as the last one. */
export interface SampledToken {
  readonly token: Token;
  /**
   * Its probability among the `topK` candidates (under a format: among those that it allows), at the temperature it was drawn with
   * (1 for temperature 0), before `topP`. Range (0, 1].
   */
  readonly probability: number;
}

/** What is known of primed prefixes, and of what will be written behind them. */
export interface Priming extends Pick<Constrained, "format" | "processing" | "writtenFrom"> {
  /** Asks that they stay in the cache for as long as the engine can afford it (a judge's preamble). */
  readonly keep?: boolean;
}

/** Asks which of a few tokens the model expects next. */
export interface Question {
  readonly prefix: Prefix;
  /** Two or more different tokens. */
  readonly candidates: readonly Token[];
}

/** A token the model might say next. */
export interface TokenCandidate {
  readonly token: Token;
  /** `-Infinity`: it is never said. Some models have such tokens, which only fill up their vocabulary. */
  readonly logit: number;
}

/** Asks what the model expects behind a prefix. */
export interface NextTokenQuery {
  readonly prefix: Prefix;
  /** So many of the likeliest tokens are wanted; all, where the vocabulary has fewer. @default 0 */
  readonly topK?: number;
  /** Tokens whose logits are wanted, each once. An engine reads a few dozen of them for next to nothing. @default none */
  readonly tokens?: readonly Token[];
  /** Whether the model's own logits are wanted, where the engine knows them, and not such as are moved by a constant. @default where `tokens` are asked about */
  readonly hasOwnLogits?: boolean;
  /** Whether the prefix is to stay in the cache for as long as the engine can afford it (a judge's preamble). @default false */
  readonly isKept?: boolean;
  /**
   * Whether the answer is to be the same to the last digit whatever was asked before: an engine's numbers may differ there with what is computed at once. Who asks
   * beside others has no promise. @default false
   */
  readonly isExact?: boolean;
  /** Where the text begins that is written: what stands before it is then read as a whole, and each token behind it by itself. @default the prefix's end, as it first was */
  readonly writtenFrom?: number | undefined;
}

/** What the model expects behind a prefix: logits, up to a constant that may be another one for each query. */
export interface NextTokens {
  /** As many as `topK` says, likeliest first. */
  readonly likeliest: readonly TokenCandidate[];
  /** Of the tokens that were asked about, in their order. */
  readonly logits: readonly number[];
}

/** Asks what the model expects at each place of a text that is there already. */
export interface Passage {
  /** At least one token. */
  readonly prefix: Prefix;
  /** What stands behind it. At least one token. */
  readonly tokens: readonly Token[];
  /**
   * Whether nothing in the cache is used. The numbers then are the same to the last digit whatever was asked before: those of a token
   * depend a little on what is computed in one batch with it. @default false
   */
  readonly isAfresh?: boolean;
}

/** On whose account a call is, and how it can be stopped. */
export interface Call {
  readonly purpose: Purpose;
  readonly meter: Meter;
  /** Stops the call within one decode step; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What an engine says of itself. */
export interface EngineFacts {
  /** For people: the model's own name, or its file's. */
  readonly model: string;
  /** The longest prefix, in tokens. A call that needs a longer one rejects with `ContextFullError`. */
  readonly contextSize: number;
  readonly vocabularySize: number;
  /** Whether the model brought its own chat template; without one, turns are rendered as `User:` and `Assistant:` lines. */
  readonly hasChatTemplate: boolean;
  /** Whether it is known to go on with texts and to have been taught no chat format: such a model is best asked by examples. */
  readonly isBaseModel?: boolean;
  /** Prefixes that are kept at once, where that is limited. */
  readonly sequences?: number;
  /** Whether the queries of one call are computed one after another. Branches are drawn so, too: in turns they would push each other out of the cache. @default false */
  readonly isSerial?: boolean;
  /** Tells this very model from all others, where it is no file: what is learnt of how it judges is remembered by it. */
  readonly identity?: string | undefined;
  /** How the model's makers say that it is to be sampled from: defaults of the options of these names. */
  readonly sampling?: SuggestedSampling | undefined;
  /**
   * Texts with which, behind an answer, the next turn begins: an answer ends before the first of them, since models without a token for it go on.
   * @default none, or, without a chat template, those of a conversation in plain lines
   */
  readonly nextTurn?: readonly string[];
  /** How the model writes calls of tools in its own chat format. Without it, calls are asked for as plain JSON. */
  readonly callFormat?: CallFormat | undefined;
  /** How it thinks. Missing where it does not. */
  readonly thinking?: Thinking;
}

/** Texts as tokens, and tokens as texts. */
export interface Tokenizer {
  /**
   * The tokens of a conversation, up to where the assistant's next answer begins. What a turn says is data: it never
   * becomes a special token. If the last turn is the assistant's, the prefix ends inside it, open for more: behind its text, behind
   * its last call, or, if it is calling, where its next call begins. Its `opening` stands in front of all that
   * (`renderOpened`).
   */
  render(turns: readonly Turn[]): Token[];

  /**
   * The tokens of a plain text from the very start of a prefix: the beginning-of-text token, if the model uses one, then
   * the text. Like a turn, the text is data. `renderText("")` is the shortest prefix there is.
   */
  renderText(text: string): Token[];

  /** The tokens of a text that stands somewhere inside a prefix: no beginning-of-text token, no special tokens. */
  tokenize(text: string): Token[];

  /** The text of `tokens` as it reads behind `after`. A character cut at either end reads as U+FFFD. Special tokens read as "". */
  detokenize(tokens: readonly Token[], after?: Prefix): string;

  /**
   * What the vocabulary calls a token, special ones and parts of characters too. Not what it reads as. Models whose vocabularies are the
   * same have the same names.
   *
   * @throws {RangeError} for a number that is no token
   */
  nameOf(token: Token): string;

  /** Whether this token ends a generation. */
  isEnd(token: Token): boolean;
}

export interface Engine extends AsyncDisposable {
  readonly facts: EngineFacts;

  /** Finds the judge of this model, for who names none. Without one, the model is asked by letters. */
  readonly findJudge?: FindJudge | undefined;

  /** The chat template that the model brought, in Jinja. Judges of models that are made to judge fill it in with more than turns. */
  readonly chatTemplate?: string | undefined;

  readonly tokenizer: Tokenizer;

  /** How texts are written under a format. An engine without this knows no formats: calls with one fail by name. */
  readonly formats?: Formats | undefined;

  /**
   * What the model expects behind each prefix. One batch. A prefix that is in the cache costs one token at most; where a held one stands there, none that
   * its holder would not compute itself. All else is asked through this: `core/decoding.ts`.
   */
  next(queries: readonly NextTokenQuery[], call: Call): Promise<NextTokens[]>;

  /**
   * Says that the caller will come back to this prefix, and will ask behind it, with the same array, which may have grown. What is computed stays in the
   * cache where there is room. Others may ask behind the prefix meanwhile.
   */
  hold(prefix: Prefix): Disposable;

  /**
   * For each token of a passage what the model expected in its place: the natural logarithm of every token's probability, by the token's
   * number; they sum to 1. One decode call behind the prefix, or more where a batch is too small. Each place takes
   * `4 * vocabularySize` bytes: of a long text, ask for a part at a time, the parts before it being the prefix.
   */
  distributions(passage: Passage, call: Call): Promise<Float32Array[]>;
}
