import type { Logger } from "pino";
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
  Verdict,
} from "../../guard/inference.ts";
import { InferenceError, type InferenceErrorCode } from "../../guard/inference-error.ts";

/** What is a fault of the model and not of the hour. */
const FAULTS: readonly InferenceErrorCode[] = ["model", "judge"];

/** The same model. What goes wrong in it is logged where the model is: shards are told no more than what it was. */
export class LoggedInference implements Inference {
  readonly model: string;
  readonly #inference: Inference;
  readonly #log: Logger;

  constructor(inference: Inference, log: Logger) {
    this.model = inference.model;
    this.#inference = inference;
    this.#log = log;
  }

  answer(request: AnswerRequest, waiting?: AnswerWaiting): Promise<Answered> {
    return this.#logged(this.#inference.answer(request, waiting), "an answer failed");
  }

  judge(request: JudgeRequest, signal?: AbortSignal): Promise<readonly Verdict[]> {
    return this.#logged(this.#inference.judge(request, signal), "a verdict failed");
  }

  judges(request: JudgesRequest, signal?: AbortSignal): Promise<readonly KnownJudge[]> {
    return this.#logged(this.#inference.judges(request, signal), "finding a judge failed");
  }

  calibrate(request: CalibrationRequest, waiting?: CalibrationWaiting): Promise<CalibrationReport> {
    return this.#logged(this.#inference.calibrate(request, waiting), "a calibration failed");
  }

  forgetGuild(guild: string): Promise<void> {
    return this.#inference.forgetGuild(guild);
  }

  load(): Promise<Load> {
    return this.#inference.load();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inference[Symbol.asyncDispose]();
  }

  async #logged<Result>(work: Promise<Result>, what: string): Promise<Result> {
    try {
      return await work;
    } catch (error) {
      const code = InferenceError.findIn(error)?.code;
      if (code !== undefined && FAULTS.includes(code)) this.#log.error({ err: error }, what);
      throw error;
    }
  }
}
