import { checkOptions, deriveSeed, type Engine, type RainAnswer, type RainEvent, type RainStep, type Settings } from "../core/index.ts";
import { type AnswerQueue, checkRequiredCall, requiresCall, toldLogprobs, withWritableSchemas } from "../serving/index.ts";
import type { ChatRequest } from "./chat-request.ts";
import { type Choice, type ToldCall, toldCall } from "./completion.ts";
import { EVENT_HEADERS, type EventWriter, eventStream } from "./events.ts";

/** Where and how long an answer is written. */
export interface Serving {
  readonly engine: Engine;
  readonly queue: AnswerQueue;
  /** As answers call the model. */
  readonly model: string;
  /** Whose turn it is. */
  readonly key: string;
  /** The client has hung up, or the server goes down. */
  readonly signal: AbortSignal;
  /** Aborts `signal`: the client reads no more. */
  readonly hangUp: () => void;
  /** Aborts `signal`: one of several answers has failed, and the request with it. */
  readonly giveUp: () => void;
  /** Milliseconds that a stream waits for its first judged text before it opens: until then a failure has a status of its own. */
  readonly firstByteMs: number;
  readonly keepAliveMs: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Whether rewinds that are told carry the text that was left. */
  readonly revealDiscarded: boolean;
  /** Told how each answer ended. */
  readonly onAnswer: (answer: RainAnswer) => void;
  /** Told of what failed behind the first byte. */
  readonly onFailure: (error: unknown) => void;
}

/** What is sent, and when all of it was written: with a stream, behind the response's own beginning. */
export interface Sent {
  readonly response: Response;
  readonly over: Promise<void>;
}

/** An answer that is written when it is asked for. */
export interface Writing {
  readonly index: number;
  readonly settings: Settings;
  /** Reads it to its end, telling each step, with its call as clients know it, and each rewind. */
  readonly write: (listener?: WritingListener) => Promise<Choice>;
}

export interface WritingListener {
  readonly onStep?: (step: RainStep, call: ToldCall | undefined) => void;
  readonly onRewind?: (event: RainEvent) => void;
}

/** Who takes turns with whom: each user of each key has turns of his own. */
export function placeOf(key: string, user: string): string {
  return JSON.stringify([key, user]);
}

/** Choices differ by their seeds; the first has the request's own. */
export function writingsOf({ turns, options, choices, limit, user }: ChatRequest, serving: Serving): readonly Writing[] {
  const { engine, queue, key, signal, revealDiscarded } = serving;
  const settings = checkOptions(options);
  // Nothing is to be told: all that a schema says holds of what is sent.
  const writable = withWritableSchemas(options, engine, () => undefined);
  return Array.from({ length: choices }, (_, index) => {
    const seed = index === 0 ? settings.seed : deriveSeed(settings.seed, index);
    let onRewind: WritingListener["onRewind"];
    const onEvent = (event: RainEvent) => event.type === "rewind" && onRewind?.(event);
    const answering = queue.rain(turns, { ...writable, seed, signal, onEvent, revealDiscarded, key: placeOf(key, user) });
    const write: Writing["write"] = async (listener = {}) => {
      ({ onRewind } = listener);
      const calls: ToldCall[] = [];
      const steps: RainStep[] = [];
      let next = await answering.next();
      for (; !next.done; next = await answering.next()) {
        const call = next.value.call && toldCall(next.value.call);
        if (call !== undefined) calls.push(call);
        steps.push(next.value);
        listener.onStep?.(next.value, call);
      }
      if (requiresCall(options)) checkRequiredCall(next.value, limit);
      return { index, answer: next.value, calls, logprobs: toldLogprobs(steps) };
    };
    return { index, settings, write };
  });
}

/**
 * Writes several. Where one fails, the others end: nobody will read them.
 *
 * @throws what the first one to fail throws, when all are over
 */
export async function together<Result>(
  writings: readonly Writing[],
  write: (writing: Writing) => Promise<Result>,
  { giveUp }: Pick<Serving, "giveUp">,
): Promise<Result[]> {
  let first: { readonly error: unknown } | undefined;
  const all = await Promise.allSettled(
    writings.map(async (writing) => {
      try {
        return await write(writing);
      } catch (error) {
        first ??= { error };
        giveUp();
        throw error;
      }
    }),
  );
  if (first !== undefined) throw first.error;
  return all.map((one) => (one as PromiseFulfilledResult<Result>).value);
}

/**
 * Opens a stream with the first judged text, or after a while without: a status cannot be taken back. A failure before that is the response's own; behind it,
 * `onBroken` says it in the stream.
 *
 * @throws what `write` throws before it was opened
 */
export async function opened(
  write: (writer: EventWriter, onFirst: () => void) => Promise<void>,
  onBroken: (writer: EventWriter, error: unknown) => void,
  { firstByteMs, keepAliveMs, hangUp, onFailure }: Serving,
): Promise<Sent> {
  return await new Promise<Sent>((resolve, reject) => {
    let isOpen = false;
    const { stream, over } = eventStream(
      async (writer) => {
        try {
          await write(writer, open);
        } catch (error) {
          clearTimeout(timer);
          if (!isOpen) return reject(error);
          onFailure(error);
          onBroken(writer, error);
        }
      },
      { keepAliveMs, onCancel: hangUp },
    );
    const timer = setTimeout(open, firstByteMs);
    function open(): void {
      if (isOpen) return;
      clearTimeout(timer);
      isOpen = true;
      resolve({ response: new Response(stream, { headers: EVENT_HEADERS }), over });
    }
  });
}
