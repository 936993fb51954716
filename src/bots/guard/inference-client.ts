import { type IncomingMessage, request } from "node:http";
import { createInterface } from "node:readline";
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
} from "./inference.ts";
import { InferenceError } from "./inference-error.ts";
import type { AnswerBody, Line } from "./inference-server.ts";

/** The model in another process of this machine: see `InferenceServer`. */
export class InferenceClient implements Inference {
  readonly model: string;
  readonly #path: string;

  /** @throws {InferenceError} when nobody listens there */
  static async connect(path: string): Promise<InferenceClient> {
    return new InferenceClient(path, (await ask({ socket: path, path: "/model" })) as string);
  }

  private constructor(path: string, model: string) {
    this.#path = path;
    this.model = model;
  }

  async answer(asked: AnswerRequest, { signal, onText, onPosition }: AnswerWaiting = {}): Promise<Answered> {
    const body: AnswerBody = { ...asked, isStreamed: onText !== undefined };
    const onLine = (line: Line) => {
      if (line.type === "text") onText?.(line.text);
      if (line.type === "position") onPosition?.(line.ahead);
    };
    return (await ask({ socket: this.#path, path: "/answer", body, signal, onLine })) as Answered;
  }

  async judge(body: JudgeRequest, signal?: AbortSignal): Promise<readonly TextVerdict[]> {
    return (await ask({ socket: this.#path, path: "/judge", body, signal })) as readonly TextVerdict[];
  }

  async judges(body: JudgesRequest, signal?: AbortSignal): Promise<readonly KnownJudge[]> {
    return (await ask({ socket: this.#path, path: "/judges", body, signal })) as readonly KnownJudge[];
  }

  async calibrate(body: CalibrationRequest, { signal, onProgress }: CalibrationWaiting = {}): Promise<CalibrationReport> {
    const onLine = (line: Line) => {
      if (line.type === "progress") onProgress?.(line.share);
    };
    return (await ask({ socket: this.#path, path: "/calibrate", body, signal, onLine })) as CalibrationReport;
  }

  async forgetGuild(guild: string): Promise<void> {
    await ask({ socket: this.#path, path: "/forget", body: { guild } });
  }

  async load(): Promise<Load> {
    return (await ask({ socket: this.#path, path: "/load" })) as Load;
  }

  /** The model belongs to the other process: there is nothing to give back. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }
}

interface Asking {
  readonly socket: string;
  readonly path: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  readonly onLine?: (line: Line) => void;
}

/** @throws {InferenceError} what went wrong there, or "away" when the connection was lost */
async function ask({ socket, path, body, signal, onLine }: Asking): Promise<unknown> {
  signal?.throwIfAborted();
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const asking = request({ socketPath: socket, path, method: "POST", ...(signal === undefined ? {} : { signal }) }, resolve);
      asking.once("error", reject);
      asking.end(JSON.stringify(body));
    });
    for await (const text of createInterface({ input: response })) {
      const line = JSON.parse(text) as Line;
      if (line.type === "result") return line.result;
      if (line.type === "error") throw new InferenceError(line.code, line.message);
      onLine?.(line);
    }
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof InferenceError) throw cause;
    throw away({ cause });
  }
  throw away();
}

function away(options?: ErrorOptions): InferenceError {
  return new InferenceError("away", "Expected an answer of the process that holds the model, lost the connection", options);
}
