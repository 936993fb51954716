import {
  type AnswerQueue,
  ContextFullError,
  ExhaustedError,
  type FinishReason,
  JudgeError,
  QueueFullError,
  type RainOptions,
} from "rain-align";
import type { Reader, SoakRequest } from "./soak-plan.ts";

/** What may become of a request. Everything else is a fault. */
export type Outcome = FinishReason | "left" | "aborted" | "queue full" | "context full" | "judge failed" | "exhausted";

/** Who hears of a request's calls of the engine: a request is known by its signal. */
export type Watchers = WeakMap<AbortSignal, () => void>;

/** Asks, and reads as the request's reader does. Rejects with what should not have happened. */
export async function outcomeOf(request: SoakRequest, queue: AnswerQueue, watchers: Watchers): Promise<Outcome> {
  const { reader } = request;
  const controller = new AbortController();
  const reason = new Error("the reader has gone");
  const abort = () => controller.abort(reason);
  if (reader.does === "aborts" && reader.atCall === 0) abort();
  if (reader.does === "aborts") watchers.set(controller.signal, onceAt(reader.atCall, reader.isDuring ? () => setImmediate(abort) : abort));
  const impatient = reader.does === "hates waiting" ? { onPosition: abort } : {};
  const options = { ...request.options, ...hurry(reader), ...impatient, key: request.key, signal: controller.signal };
  try {
    return await read(queue.rain(request.turns, options), reader);
  } catch (error) {
    if (error === reason) return "aborted";
    return expected(error, reader);
  }
}

/** Lets everything run that waits for its turn. */
export function turnOfEvents(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Acts when it is called for so many times. */
function onceAt(count: number, act: () => void): () => void {
  let calls = 0;
  return () => {
    if (++calls === count) act();
  };
}

async function read(steps: ReturnType<AnswerQueue["rain"]>, reader: Reader): Promise<Outcome> {
  for (let count = 0; ; count++) {
    if (reader.does === "stays" && reader.isSlow) await turnOfEvents();
    if (reader.does === "leaves" && count === reader.afterSteps) return await leave(steps);
    const next = await steps.next();
    if (next.done) return next.value.finishReason;
  }
}

/** What leaving a `for await` loop does. */
async function leave(steps: AsyncGenerator): Promise<"left"> {
  await steps.return(undefined);
  return "left";
}

/** A judge that is hurried gives no verdict in time. */
function hurry(reader: Reader): RainOptions {
  if (reader.does !== "hurries the judge") return {};
  let verdicts = 0;
  return { judgeSignal: () => (++verdicts === reader.atVerdict ? AbortSignal.abort() : undefined) };
}

/** @throws what was not to be expected of such a request */
function expected(error: unknown, reader: Reader): Outcome {
  if (error instanceof QueueFullError) return "queue full";
  if (error instanceof ContextFullError) return "context full";
  if (error instanceof ExhaustedError) return "exhausted";
  if (error instanceof JudgeError && reader.does === "hurries the judge") return "judge failed";
  throw error;
}
