import { RainError } from "../../core/index.ts";

/**
 * Why there is no answer or no verdict. `model`: the model failed. `judge`: its judge gave no usable verdict. `unfit`: its judge was measured, and
 * judges too badly to be asked. `late`: it took too long. `long`: the text does not fit into the model's context. `busy`: too many wait already. `away`: the process that holds the
 * model cannot be reached.
 */
export const INFERENCE_ERROR_CODES = ["model", "judge", "unfit", "late", "long", "busy", "away"] as const;
export type InferenceErrorCode = (typeof INFERENCE_ERROR_CODES)[number];

/** There is no answer, or no verdict: nothing may be posted in its place but words of our own. */
export class InferenceError extends RainError {
  readonly code: InferenceErrorCode;

  constructor(code: InferenceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
