import { ContextFullError, JudgeError, QueueFullError, RainError } from "../../core/index.ts";

/**
 * Why there is no answer or no verdict. `model`: the model failed. `judge`: its judge gave no usable verdict. `unfit`: its judge was measured, and
 * judges too badly to be asked. `late`: it took too long. `long`: the text does not fit into the model's context. `busy`: too many wait already.
 * `away`: the model, or the guild that asked, is not there any more.
 */
export type InferenceErrorCode = "model" | "judge" | "unfit" | "late" | "long" | "busy" | "away";

/** There is no answer, or no verdict: nothing may be posted in its place but words of our own. */
export class InferenceError extends RainError {
  readonly code: InferenceErrorCode;

  constructor(code: InferenceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A failure of the model or its judge, by its code. */
export function inferenceErrorOf(cause: unknown): InferenceError {
  if (cause instanceof InferenceError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  if (QueueFullError.isInstance(cause)) return new InferenceError("busy", message, { cause });
  if (ContextFullError.isInstance(cause)) return new InferenceError("long", message, { cause });
  if (JudgeError.isInstance(cause)) return new InferenceError("judge", message, { cause });
  return new InferenceError("model", message, { cause });
}
