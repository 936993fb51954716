/** Server-sent events, to the letter: each is one write, and silence is filled, since proxies cut it. */

const encoder = new TextEncoder();

/** Where events are written. Nothing is lost to a slow reader, and nothing waits for one: an answer is short, and its place in the queue is not. */
export interface EventWriter {
  /** @param name of the event, where a client tells events apart by their names */
  data(event: object, name?: string): void;
  /** The end, as OpenAI's clients look for it. */
  done(): void;
}

export interface EventStreamOptions {
  /** Milliseconds of silence that are filled with a comment. */
  readonly keepAliveMs: number;
  /** The reader has hung up. */
  readonly onCancel: () => void;
}

/** A stream of what `write` writes, in its own time, and when that is over. */
export function eventStream(write: (writer: EventWriter) => Promise<void>, { keepAliveMs, onCancel }: EventStreamOptions) {
  let sink: ReadableStreamDefaultController<Uint8Array> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const end = () => {
    clearInterval(timer);
    sink = undefined;
  };
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      sink = controller;
    },
    cancel() {
      end();
      onCancel();
    },
  });
  // A reader that is behind has something to read: comments would only pile up.
  timer = setInterval(() => (sink?.desiredSize ?? 0) > 0 && sink?.enqueue(encoder.encode(": keep-alive\n\n")), keepAliveMs);
  const put = (text: string) => {
    timer?.refresh();
    // Whoever has hung up reads nothing.
    sink?.enqueue(encoder.encode(text));
  };
  const over = write({
    data: (event, name) => put(`${name === undefined ? "" : `event: ${name}\n`}data: ${JSON.stringify(event)}\n\n`),
    done: () => put("data: [DONE]\n\n"),
  }).finally(() => {
    sink?.close();
    end();
  });
  return { stream, over };
}

export const EVENT_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
  // Nginx and its like would keep events back.
  "x-accel-buffering": "no",
} as const;
