import type { Guard } from "../guarded.ts";
import { InferenceError } from "../inference-error.ts";
import type { Outcome } from "../outcome.ts";

/** What fails ends in a line of our own: the person is told, and nothing unjudged is said. A question that was taken back stays aborted. */
export const failures: Guard = async (incoming, next) => {
  try {
    return await next(incoming);
  } catch (error) {
    incoming.signal.throwIfAborted();
    return failure(error, incoming.settings.talk.failure);
  }
};

function failure(error: unknown, line: string): Outcome {
  const code = InferenceError.findIn(error)?.code;
  if (code === "busy")
    return { kind: "refuse", reason: "busy", line: "Too many people are asking me at the moment. Please try again in a minute.", error };
  if (code === "unfit") return { kind: "refuse", reason: "unfit", line: UNFIT, error };
  if (code === "long") return { kind: "refuse", reason: "long", line: "That is longer than I can read. Please ask in fewer words.", error };
  return { kind: "refuse", reason: "failed", line, error };
}

/** Whoever runs the bot reads in its log what to do. */
const UNFIT =
  "The model that I run on is not fit to judge what it writes, and I post nothing unjudged: I cannot answer until whoever runs me gives me another one.";
