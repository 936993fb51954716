/**
 * What the bot needs of a model: to answer and to judge, and nothing more. `EngineInference` is a model in this process.
 * `test/contracts/inference-contract.ts` says what each must do.
 */
import type { FinishReason, Fitness, Preset, Principle, Turn } from "../../core/index.ts";

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
  /** The oldest turns that were left out, to make room for it. */
  readonly droppedTurns: number;
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

/** How an answer is waited for. */
export interface AnswerWaiting {
  /** Stops the work within one decode step. */
  readonly signal?: AbortSignal | undefined;
  /** Told all text that is committed so far, whenever there is more of it. */
  readonly onText?: ((text: string) => void) | undefined;
  /** Told how many answers begin before this one, whenever that changes while it waits. */
  readonly onPosition?: ((ahead: number) => void) | undefined;
}

/** A text to be judged: a person's or the bot's. */
export interface JudgeRequest extends JudgesRequest {
  /** Its last turn is judged, in the light of those before it. */
  readonly turns: readonly Turn[];
  /** Whether that is the beginning of a text: more of it is to come, or its end was cut off. @default false */
  readonly isBeginning?: boolean | undefined;
}

/** Which judges are meant. */
export interface JudgesRequest {
  /** One for each. */
  readonly principles: readonly Principle[];
  /** Whose people wrote what is judged: by a judge that this guild has taught, where it has, and no other guild's. Left out: by the model's. */
  readonly guild?: string | undefined;
  /** As what is judged was written: says how it is asked about, and from which value on it passes. @default "balanced" without a guild, else "strict" */
  readonly preset?: Preset | undefined;
}

/** What a judge says of a text. */
export interface TextVerdict {
  /** -1 (bad) to 1 (good). */
  readonly value: number;
  /** Of an unfit one, no verdict counts. */
  readonly judge: KnownJudge;
}

/** A judge, as far as it is known. */
export interface KnownJudge {
  /** Tells it from every other judge: of another model, principle, guild or calibration. Values of two judges cannot be compared. */
  readonly version: string;
  /** Whether it may judge: it was never measured, or is good enough. */
  readonly isFit: boolean;
  /** Missing where it was never measured. */
  readonly fitness?: Fitness | undefined;
  /** Where the labelled answers came from that it learned of, for people. */
  readonly source?: string | undefined;
  /** Whether a guild has taught it. */
  readonly isOwn: boolean;
  /** From this value on, a whole text of the bot's passes ... */
  readonly threshold: number;
  /** ... and the beginning of one. */
  readonly beginningThreshold: number;
}

/** What a moderator decided about a text. */
export interface Decision {
  /** As the judge reads it. */
  readonly text: string;
  readonly isGood: boolean;
}

/** A guild wants its own judge. */
export interface CalibrationRequest {
  readonly guild: string;
  readonly principle: Principle;
  /** The newest of what its moderators decided, oldest first. */
  readonly decisions: readonly Decision[];
}

/** How well a judge tells what moderators approved from what they rejected. */
export interface JudgeFigures {
  /** 0.5 is guessing, 1 is perfect. */
  readonly auroc: number;
  /** The 95 % interval of it. */
  readonly low: number;
  readonly high: number;
}

/** What came of a calibration. Plain data. */
export type CalibrationReport =
  | {
      /** There are too few decisions: nothing was done. So many more are needed, and of each kind at least so many of them. */
      readonly outcome: "too-few";
      readonly missing: number;
      readonly missingApproved: number;
      readonly missingRejected: number;
    }
  | {
      /**
       * `taken`: the new judge works from now on. `no-better`: it tells good from bad no better than the model's judge does as it comes. `weak`: it is
       * better, but may be guessing, or is too weak to take the place of one that is fit.
       */
      readonly outcome: "taken" | "no-better" | "weak";
      /** The model's judge as it comes, which learned of none of these decisions. */
      readonly before: JudgeFigures;
      /** What was learned of decisions, asked about others of which it was not. */
      readonly after: JudgeFigures;
      /** Decisions about different texts. */
      readonly decisions: number;
      /** Labelled answers of the package that it learned of, too. */
      readonly labelled: number;
    };

export interface CalibrationWaiting {
  readonly signal?: AbortSignal | undefined;
  /** How far it is. Range [0, 1]. */
  readonly onProgress?: ((share: number) => void) | undefined;
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
   * @throws {InferenceError} when too many wait already, the judge is unfit, or the model or its judge failed: nothing is known of the answer, and
   * nothing may be posted
   */
  answer(request: AnswerRequest, waiting?: AnswerWaiting): Promise<Answered>;

  /**
   * A verdict on a text by each principle. Of an unfit judge it is there to be shown, and counts for nothing.
   *
   * @throws {InferenceError} when there is no verdict: the text is unjudged
   */
  judge(request: JudgeRequest, signal?: AbortSignal): Promise<readonly TextVerdict[]>;

  /** What is known of judges. May take its time: a judge that is new reads labelled answers first. @throws {InferenceError} */
  judges(request: JudgesRequest, signal?: AbortSignal): Promise<readonly KnownJudge[]>;

  /**
   * Teaches a guild's own judge by its decisions, beside all else that is asked of the model; one guild after the other.
   *
   * @throws {InferenceError} when that failed: nothing has changed
   */
  calibrate(request: CalibrationRequest, waiting?: CalibrationWaiting): Promise<CalibrationReport>;

  /** Forgets all judges that a guild has taught, and stops teaching it. */
  forgetGuild(guild: string): Promise<void>;

  load(): Promise<Load>;
}
