/**
 * What the bot needs of a model: to answer and to judge, and nothing more. One process holds the model; every shard of the bot
 * reaches it through this, in the same process or over a local socket. `test/contracts/inference-contract.ts` says what it must do.
 */
import type { FinishReason, Preset, Principle, Turn } from "../../core/index.ts";

/** What is to be answered, and how. Plain data, which may travel. */
export interface AnswerRequest {
  readonly turns: readonly Turn[];
  readonly principle: Principle;
  readonly preset: Preset;
  /** Upper bound of the answer, in tokens. */
  readonly maxTokens: number;
  readonly temperature: number;
  readonly seed: number;
  /** Whose request it is: guilds take turns, however much each of them asks. */
  readonly guild: string;
  /** Whether the account may hold text that was discarded. */
  readonly revealDiscarded: boolean;
}

/** What one answer cost, and how it came about. */
export interface Account {
  /** Name of the principle by which it was judged. */
  readonly principle: string;
  readonly rewinds: number;
  /** Verdicts, in the order in which they were given. */
  readonly course: readonly CoursePoint[];
  /** Length of the answer, in tokens. */
  readonly tokens: number;
  readonly forwardTokens: number;
  /** Time between the first and the last step of it, waiting in line left out. */
  readonly decodeSeconds: number;
  /** What was written and left: only with `revealDiscarded`. */
  readonly discarded: readonly string[];
}

/** A verdict on the answer up to a place. */
export interface CoursePoint {
  /** Length of the answer that was committed by then, in tokens. */
  readonly tokens: number;
  /** -1 (bad) to 1 (good). */
  readonly value: number;
  /** `rewind`: what had this value was left. */
  readonly kind: "commit" | "rewind";
}

/** An answer that RAIN let pass. `content_filter`: there is none, and the text is empty. */
export interface Answered {
  readonly text: string;
  readonly finishReason: FinishReason;
  readonly account: Account;
}

/** How somebody waits for an answer. */
export interface AnswerWaiting {
  /** Stops the work within one decode step. */
  readonly signal?: AbortSignal | undefined;
  /** Told all text that is committed so far, whenever there is more of it. */
  readonly onText?: ((text: string) => void) | undefined;
  /** Told how many answers begin before this one, whenever that changes while it waits. */
  readonly onPosition?: ((ahead: number) => void) | undefined;
}

/** A text to be judged, whoever wrote it. */
export interface JudgeRequest {
  /** Its last turn is judged, in the light of those before it. */
  readonly turns: readonly Turn[];
  /** One value for each. */
  readonly principles: readonly Principle[];
}

/** How busy the model is. */
export interface Load {
  /** Answers that are being written. */
  readonly running: number;
  readonly waiting: number;
}

export interface Inference extends AsyncDisposable {
  /** The model's name, for people. */
  readonly model: string;

  /**
   * An answer to the conversation.
   *
   * @throws {InferenceBusyError} when too many wait already
   * @throws {InferenceError} when the model or its judge failed: nothing is known of the answer, and nothing may be posted
   */
  answer(request: AnswerRequest, waiting?: AnswerWaiting): Promise<Answered>;

  /**
   * The value of a text by each principle: -1 (bad) to 1 (good).
   *
   * @throws {InferenceError} when there is no verdict: the text is unjudged
   */
  judge(request: JudgeRequest, signal?: AbortSignal): Promise<readonly number[]>;

  load(): Promise<Load>;
}
