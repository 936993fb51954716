import { ContextFullError, JudgeError, QueueFullError } from "../../core/index.ts";
import { InferenceError } from "./inference-error.ts";

/** What somebody who asked is told of a failure inside. */
export function inferenceErrorOf(cause: unknown): InferenceError {
  if (cause instanceof InferenceError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  if (QueueFullError.isInstance(cause)) return new InferenceError("busy", message, { cause });
  if (ContextFullError.isInstance(cause)) return new InferenceError("long", message, { cause });
  if (JudgeError.isInstance(cause)) return new InferenceError("judge", message, { cause });
  return new InferenceError("model", message, { cause });
}
