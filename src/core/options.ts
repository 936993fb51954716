import type { RainEvent } from "./answer.ts";
import type { Principle } from "./judge/principle.ts";
import type { Acceptance, FindJudge } from "./judge/verdict.ts";
import type { OutputFormat } from "./output-format.ts";
import type { Schedule } from "./schedule.ts";
import type { ContrastForm } from "./search/contrast.ts";
import type { Embed } from "./search/embedding.ts";
import type { SearchedTree } from "./search/searched-tree.ts";
import type { Tool, ToolChoice } from "./tool.ts";

/** How a conversation may be put to the model. */
export const PROMPTINGS = ["auto", "chat", "urial"] as const;

/**
 * `chat`: in the model's own chat format, or as `User:` and `Assistant:` lines. `urial`: as a document of fenced queries and answers that
 * begins with an instruction and restyled examples, for base models. `auto`: as the model needs it.
 */
export type Prompting = (typeof PROMPTINGS)[number];

/** Built-in examples that may be asked for: as many as the paper tried. */
export const EXAMPLE_COUNTS = [0, 1, 3, 8] as const;

/** A question and an answer in the style that all answers are to have. */
export interface UrialExample {
  readonly query: string;
  readonly answer: string;
}

/** Where the fences stand: on lines of their own, or around the text on its line. */
export const URIAL_LAYOUTS = ["lines", "inline"] as const;

export type UrialLayout = (typeof URIAL_LAYOUTS)[number];

/** How a conversation is put to the model. All optional. */
export interface PromptingOptions {
  /**
   * `auto` is `urial` for a base model, one that has no chat template, if that takes less than half of its context; otherwise `chat`.
   * @default "auto"
   */
  readonly prompting?: Prompting;
  /**
   * What a model learns from that is prompted by `urial`: how many of the built-in examples (0, 1, 3 or 8; three take about 800 tokens),
   * or your own. Their tokens are computed once per model. @default 3
   */
  readonly urialExamples?: (typeof EXAMPLE_COUNTS)[number] | readonly UrialExample[];
  /** Where the fences stand. @default "lines" */
  readonly urialLayout?: UrialLayout;
}

/** What a preset decides. */
type Chosen = Pick<
  Settings,
  | "falseFlags"
  | "threshold"
  | "judging"
  | "doubtMargin"
  | "firstCheck"
  | "checkGrowth"
  | "maxCheckGap"
  | "candidates"
  | "retries"
  | "searchBudget"
  | "exploreTemperature"
  | "heldBack"
>;

/** `fast`: few checks, one small search. `balanced`: the default. `strict`: many checks by the paper's judge, long searches. */
export type Preset = "fast" | "balanced" | "strict";

/** `docs/choosing-options.md` says in plain words why. */
export const PRESETS: Readonly<Record<Preset, Chosen>> = {
  fast: {
    falseFlags: 0.02,
    threshold: 0.05,
    judging: "auto",
    doubtMargin: 0.2,
    firstCheck: 8,
    checkGrowth: 4,
    maxCheckGap: 96,
    candidates: 1,
    retries: 4,
    searchBudget: 512,
    exploreTemperature: 1.2,
    heldBack: 0,
  },
  balanced: {
    falseFlags: 0.05,
    threshold: 0.05,
    judging: "auto",
    doubtMargin: 0.5,
    firstCheck: 4,
    checkGrowth: 4,
    maxCheckGap: 44,
    candidates: 1,
    retries: 5,
    searchBudget: 1024,
    exploreTemperature: 1.2,
    heldBack: 0,
  },
  strict: {
    falseFlags: 0.15,
    threshold: 0.2,
    judging: "auto",
    doubtMargin: 2,
    firstCheck: 4,
    checkGrowth: 2,
    maxCheckGap: 16,
    candidates: 4,
    retries: 4,
    searchBudget: 4096,
    exploreTemperature: 1.5,
    heldBack: 32,
  },
};

export const MODES = ["adaptive", "paper", "vanilla", "best-of-n"] as const;

/**
 * `adaptive`: a draft is judged now and then, and searched for only where it is judged bad. `paper`: RAIN as published.
 * `vanilla`: plain decoding, unjudged. `best-of-n`: whole drafts, the best-judged one wins.
 */
export type Mode = (typeof MODES)[number];

/** `soft`: the difference of the two probabilities. `hard`: its sign, as the paper's code compares them. */
export type VerdictForm = "soft" | "hard";

/**
 * `auto`: the judge that was found best for this model, where the engine knows how to look for it; else the model is asked by letters.
 * `in-place`: by letters, right behind the answer. `preamble`: the paper's judge, which reads examples and the answer apart.
 */
export const JUDGINGS = ["auto", "in-place", "preamble"] as const;

export type Judging = (typeof JUDGINGS)[number];

/** What becomes of a thought. */
export const THOUGHTS = ["hidden", "judged", "off"] as const;

/**
 * `hidden`: it is neither judged nor released. `judged`: it is judged as a whole, as a text of its own, and released where it passes. `off`: the model is
 * asked not to think, and a thought that begins all the same is closed.
 */
export type Thoughts = (typeof THOUGHTS)[number];

export const POINT_OUT_RESULTS = ["repeated", "always", "never"] as const;

export type PointOutResults = (typeof POINT_OUT_RESULTS)[number];

/** What to do where the judge was measured and is no better than AUROC 0.70: it never drives a search. */
export const ON_UNFIT = ["plain", "refuse", "error"] as const;

export type OnUnfit = (typeof ON_UNFIT)[number];

/**
 * `resample`: candidates open more freely than the draft. `contrast`: they say what a good assistant would say more likely than a bad one, by the
 * options of the principle.
 */
export type Explore = "resample" | "contrast";

/** What to do when nothing that was found passes the judge. */
export type OnExhausted = "refuse" | "best" | "error";

/**
 * How to write an answer. All optional; `DEFAULTS` holds what is left out. What is counted (tokens, drafts, visits, rounds ...) is a positive
 * integer; where it may be 0, it says what that means.
 */
export interface RainOptions extends PromptingOptions {
  /** How the answer is written. @default "adaptive" */
  readonly mode?: Mode;
  /** What the judge judges. @default HARMLESS */
  readonly principle?: Principle;
  /** The same seed gives the same text. A non-negative 32-bit integer; -1: another one each time, which the answer tells. @default 1 */
  readonly seed?: number;
  /** Upper bound of the answer, in tokens, the end token included. @default 256 */
  readonly maxTokens?: number;
  /**
   * What happens where the conversation leaves no room for an answer of `maxTokens`, and a thought. `true`: its oldest exchanges are left out, about half of the context at
   * once; the system's turns stay, and the last question. `false`: it is answered while it fits, and is then a `ContextFullError`.
   * @default false
   */
  readonly contextShift?: boolean;
  /** Temperature of drafts and simulations; 0 is greedy. Range [0, 10]. @default 1, or what the model's file says, as of all that follow up to `xtcThreshold` */
  readonly temperature?: number;
  /** Drafts and simulations draw from this many likeliest tokens. @default 40 */
  readonly topK?: number;
  /** ... of those from the fewest that reach this probability. Range (0, 1]. @default 0.95 */
  readonly topP?: number;
  /** ... of those from such as have at least this share of the likeliest one's probability; 0: all. Range [0, 1]. @default 0 */
  readonly minP?: number;
  /**
   * XTC, "exclude top choices": with this probability all of those that are likely enough are left out but the unlikeliest of them; 0: never. Range [0, 1].
   * @default 0
   */
  readonly xtcProbability?: number;
  /** From which probability on a token is a top choice. Range [0, 1]; above 0.5 nothing is left out. @default 0.1 */
  readonly xtcThreshold?: number;
  /**
   * Tokens that occurred get less likely: their logits are divided by this where they are above 0, else multiplied. 1: no. Of this and what follows up to
   * `logitBias`, searches mind all, too. Range (0, 10]. @default 1
   */
  readonly repetitionPenalty?: number;
  /** ... by this much, off the logit of each that occurred. Range [-2, 2]. @default 0 */
  readonly presencePenalty?: number;
  /** ... as many times as it occurred. Range [-2, 2]. @default 0 */
  readonly frequencyPenalty?: number;
  /** How many tokens back these three look, the prompt's included; -1: all. @default 64 */
  readonly penaltyLastN?: number;
  /**
   * DRY, "don't repeat yourself": what goes on with a repetition loses `dryMultiplier * dryBase ** (length - dryAllowedLength)` off its logit; 0: nothing. People take 0.8.
   * Range [0, 100]. @default 0
   */
  readonly dryMultiplier?: number;
  /** Range [1, 10]. @default 1.75 */
  readonly dryBase?: number;
  /** Repetitions of fewer tokens cost nothing. @default 2 */
  readonly dryAllowedLength?: number;
  /** How many tokens back DRY looks, the prompt's included; -1: all. @default -1 */
  readonly dryLastN?: number;
  /** Behind these strings a repetition begins anew. @default ["\n", ":", "\"", "*"] */
  readonly drySequenceBreakers?: readonly string[];
  /** What is added to the logit of a token, by its number: from -100 (never drawn) to 100. @default {} */
  readonly logitBias?: Readonly<Record<number, number>>;
  /** Strings that end the answer; neither they nor what follows is in its text. @default [] */
  readonly stop?: readonly string[];
  /**
   * What the answer must be: JSON of a schema. It then parses whenever it ended by itself ("stop"), and is cut at `maxTokens` ("length").
   * It is judged as a whole, and nothing is released before its end (with `inSteps`, part by part). It takes no `stop`. @default plain text
   */
  readonly format?: OutputFormat | undefined;
  /**
   * Whether each step says how likely the model took the tokens of its text. They are read once more for that: a forward token each. Of thoughts and calls nothing is said, nor of
   * tokens that were likely and not taken: nobody judged those. @default false
   */
  readonly logprobs?: boolean;

  /** Stops the work within one decode step; the answer then rejects with the signal's reason. @default none */
  readonly signal?: AbortSignal | undefined;
  /** Called at every rewind and commit, as it happens. @default none */
  readonly onEvent?: (event: RainEvent) => void;
  /** Called with the tree of each search, just before its result is committed. `paper` and `adaptive` mode. @default none */
  readonly onTree?: ((tree: SearchedTree) => void) | undefined;
  /** Lets rewind events and trees carry the text that was left: unsafe text, for demonstrations. @default false */
  readonly revealDiscarded?: boolean;

  /**
   * What may be called. A call is judged as one unit before it is released, and its arguments keep the tool's schema.
   * @default []
   */
  readonly tools?: readonly Tool[];
  /** Whether there is to be a text or a call. @default "auto" */
  readonly toolChoice?: ToolChoice;
  /** Whether one answer may make several calls. @default true */
  readonly parallelCalls?: boolean;
  /**
   * When a sentence behind the result that ends the conversation asks the model to answer with it, as small models pass over results and call again. `repeated`: where an answer begins
   * with a call whose result is there already; that is left, and told of as a rewind; asked so once, the model may make it again, and no third one. `always`: it then seldom calls a second tool,
   * and never makes the same call again. Whoever insists is no longer told of tools. `never`: for agents that poll. It concerns `toolChoice` "auto". @default "repeated"
   */
  readonly pointOutResults?: PointOutResults;

  /** What becomes of what a model thinks before its answer, where it does. What nobody judges stays hidden. @default "hidden" */
  readonly thoughts?: Thoughts;
  /**
   * Tokens after which a thought is closed, and the answer begins; `maxTokens` counts those of the answer alone. Half of what the context has left is
   * kept for the answer, or `maxTokens` where that is less. 0: closed as soon as it begins. @default 1024
   */
  readonly thinkingBudget?: number;

  /** How many of the principle's examples the judge reads first; 0: none. Their tokens are computed once per model. @default 10 */
  readonly judgeExamples?: number;
  /** How the judge's probabilities become a value. @default "soft" */
  readonly verdict?: VerdictForm;

  /**
   * `adaptive`: sets what is left out of the options from `threshold` to `heldBack`. `docs/choosing-options.md` says what each preset costs.
   * @default "balanced"
   */
  readonly preset?: Preset;
  /**
   * Share of good answers that may be flagged, all checks of an answer together, by a judge that was fitted on labelled answers. A flag is no
   * refusal: it costs a search. Fewer: more bad answers pass. Range (0, 0.5]; `undefined`: `threshold` says it.
   * @default 0.05 where no `threshold` is given
   */
  readonly falseFlags?: number | undefined;
  /**
   * The value from which a text passes; 0 is neither good nor bad. Higher: more flags, more searching. Range [-1, 1].
   * @default 0.05 for a judge that is asked by letters; for a fitted one it follows from `falseFlags`
   */
  readonly threshold?: number;
  /** How the judge is found, where none is handed over. @default "auto" */
  readonly judging?: Judging;
  /**
   * Finds the judge: `fittedJudge()`, `judgeBy(engine)` for another model, or your own. @default the engine's own way, by `judging`
   */
  readonly judge?: FindJudge | undefined;
  /**
   * `plain`: the answer is written unjudged and says so (`answer.judge`). `refuse`: it is `refusal`, with finish reason "content_filter".
   * `error`: it fails with a `JudgeError`. @default "plain"
   */
  readonly onUnfit?: OnUnfit;
  /**
   * In-place, the options are asked for in the other order too where the first value is nearer to `threshold` than this.
   * 0 never asks twice, 2 always does, but for what could not pass any more: as much again as the checks cost. Range [0, 2]. @default 0.5
   */
  readonly doubtMargin?: number;
  /** Tokens before the first check. Nothing is released before it. @default 4 */
  readonly firstCheck?: number;
  /** Each check stands at about this many times the length of the one before. 2 and more; each check costs a question. @default 4 */
  readonly checkGrowth?: number;
  /** ... but no further from it than this many tokens: the most that is written in vain, or waits to be released. @default 44 */
  readonly maxCheckGap?: number;
  /**
   * Candidates in the first round of a search; each further round has twice as many. Each costs its tokens up to the next check,
   * and a verdict. @default 1
   */
  readonly candidates?: number;
  /** Rounds of a search before it gives a place up, or, where nobody judges, redraws of a text that is not valid; 0: nothing is searched for. @default 5 */
  readonly retries?: number;
  /** Tokens that all searches of one answer may draw; a round that has begun is finished. 0: nothing is searched for. @default 1024 */
  readonly searchBudget?: number;
  /** How a search draws candidates; with `contrast` in every other round, and a token costs two forward tokens then. @default "resample" */
  readonly explore?: Explore;
  /** How both sides of a contrast are prompted; `system` for models that know only their chat format. @default "affix" */
  readonly contrastForm?: ContrastForm;
  /** Candidates open at this temperature. Higher: more different, and less fluent. Range [0, 10]. @default 1.2 */
  readonly exploreTemperature?: number;
  /**
   * Committed tokens that are not released yet, so that a search can rewind behind them. `Infinity` releases nothing before
   * all of it was judged. Costs no computing, only waiting. @default 0
   */
  readonly heldBack?: number;
  /**
   * `refuse`: the answer ends, as `refusal` if nothing was released yet, with finish reason "content_filter". `best`: the
   * best that was found is taken, however bad, as the paper does. `error`: an `ExhaustedError`. @default "refuse"
   */
  readonly onExhausted?: OnExhausted;
  /** What is said instead of an answer. @default "I am sorry, but I cannot help with that." */
  readonly refusal?: string;
  /**
   * Asked before each verdict, in every mode, for a signal that limits it, such as `() => AbortSignal.timeout(2000)`. When it is
   * aborted, the answer fails with a `JudgeError`. @default no limit
   */
  readonly judgeSignal?: () => AbortSignal | undefined;

  /** The paper's c: how much the search explores; 0: not at all. Range [0, Infinity). @default 2 (paper) */
  readonly cPuct?: number;
  /** The paper's gamma: the share of a visit's credit that a fully similar sibling gets. Range [0, 1]. @default 0.2 (paper) */
  readonly similarityShare?: number;
  /** Cosine from which siblings count as similar. Range [-1, 1]. @default 0.95 (the paper's code) */
  readonly similarityThreshold?: number;
  /** The paper's T: the search of one step stops at this many visits of its root. @default 50 (the paper's code) */
  readonly maxIterations?: number;
  /** ... but goes this far past the visits that its root brought along, if that is more. @default 15 (the paper's code) */
  readonly carriedIterations?: number;
  /**
   * The paper's T_m: a token set is committed early when it has *more* visits. The code takes 5 against attacks, 16 for truth.
   * @default 6 (the paper's code)
   */
  readonly minVisits?: number;
  /** The paper's V: ... and its value is *greater*. Range [-1, 1]. @default 0.8 (the paper's code) */
  readonly valueThreshold?: number;
  /**
   * Tokens in a token set, by its depth in the answer; the last length holds for all that follow.
   * @default [1, 2, 4, 10] (the paper's code)
   */
  readonly tokenSetLengths?: readonly number[];
  /** The paper's q: children that an expansion looks for, the greedy one among them. @default 10 (the paper's code) */
  readonly children?: number;
  /** Draws of one expansion: what was drawn twice is drawn again up to this; 20 against attacks. @default 10 (the paper's code) */
  readonly childDraws?: number;
  /** They are drawn from this many likeliest tokens. @default 15 (the paper's code) */
  readonly childTopK?: number;
  /** ... at this temperature; 2 against attacks. Range [0, 10]. @default 1 (the paper's code) */
  readonly childTemperature?: number;
  /**
   * Children are alike when the norm of their embeddings' variance is below this times their tokens. Range [0, Infinity).
   * @default 0.03 (the paper's code)
   */
  readonly additionVariance?: number;
  /** ... and bad when the value of each is below this. Range [-1, 1]. @default 0 (the paper's code) */
  readonly additionValue?: number;
  /** Node addition stops at this many children; 0: none is added. @default 20 (the paper's code) */
  readonly additionMaxChildren?: number;
  /** Draws for one more child before it is given up, where several tokens are chosen together. @default 3 (the paper's code) */
  readonly additionDraws?: number;
  /** Share of the root's prior that is spread evenly over its children. Range [0, 1]. @default 0.25 (the paper's code) */
  readonly rootSmoothing?: number;
  /** A simulation that meets no clause end, or no end, stops after this many tokens. @default 40 */
  readonly maxSimulationTokens?: number;
  /** Turns text into a vector; similar texts point the same way. @default embedText, which needs no download */
  readonly embed?: Embed;

  /** Drafts in `best-of-n` mode. @default 4 */
  readonly bestOf?: number;
}

/** Sampling that a model's makers have found to suit it. */
export type SuggestedSampling = Pick<
  RainOptions,
  "temperature" | "topK" | "topP" | "minP" | "xtcProbability" | "xtcThreshold" | "repetitionPenalty" | "penaltyLastN"
>;

/** Options with nothing left out. */
export interface Settings extends Required<RainOptions> {
  /** The part of the check schedule that the caller set: the rest follows from the judge. */
  readonly scheduleGiven?: Partial<Schedule>;
  /** The value from which a beginning passes. @default `threshold` */
  readonly beginningThreshold?: number;
  /** What an answer must reach besides to be taken in place of a flagged one. @default no more than to pass */
  readonly acceptance?: Acceptance | undefined;
}
