import type {
  Answered,
  AnswerRequest,
  AnswerWaiting,
  CalibrationReport,
  CalibrationRequest,
  CalibrationWaiting,
  Inference,
  JudgeRequest,
  JudgesRequest,
  KnownJudge,
  Load,
  TextVerdict,
} from "../../src/bots/guard/index.ts";

/** The same model; what it is asked is written down, and a test can hold it up or break it. */
export class WatchedInference implements Inference {
  readonly model: string;
  readonly asked: AnswerRequest[] = [];
  readonly judged: JudgeRequest[] = [];
  readonly calibrated: CalibrationRequest[] = [];
  /** Guilds whose judges were to be forgotten. */
  readonly forgotten: string[] = [];
  /** Those that were answered, in the order in which that was. */
  readonly finished: AnswerRequest[] = [];
  /** Happens before each answer; one that throws makes it fail. */
  beforeAnswer: (request: AnswerRequest, waiting: AnswerWaiting) => unknown = () => undefined;
  beforeJudge: (request: JudgeRequest, signal: AbortSignal | undefined) => unknown = () => undefined;
  readonly #inference: Inference;

  constructor(inference: Inference) {
    this.#inference = inference;
    this.model = inference.model;
  }

  async answer(request: AnswerRequest, waiting: AnswerWaiting = {}): Promise<Answered> {
    this.asked.push(request);
    await this.beforeAnswer(request, waiting);
    const answered = await this.#inference.answer(request, waiting);
    this.finished.push(request);
    return answered;
  }

  async judge(request: JudgeRequest, signal?: AbortSignal): Promise<readonly TextVerdict[]> {
    this.judged.push(request);
    await this.beforeJudge(request, signal);
    return await this.#inference.judge(request, signal);
  }

  judges(request: JudgesRequest, signal?: AbortSignal): Promise<readonly KnownJudge[]> {
    return this.#inference.judges(request, signal);
  }

  async calibrate(request: CalibrationRequest, waiting?: CalibrationWaiting): Promise<CalibrationReport> {
    this.calibrated.push(request);
    return await this.#inference.calibrate(request, waiting);
  }

  async forgetGuild(guild: string): Promise<void> {
    this.forgotten.push(guild);
    await this.#inference.forgetGuild(guild);
  }

  load(): Promise<Load> {
    return this.#inference.load();
  }

  /** It belongs to the whole file of tests. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }
}

/** Waits until the work is taken back, as a model does that takes its time. */
export function untilTakenBack(_: unknown, { signal }: AnswerWaiting): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
