import { rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type { AnswerRequest, CalibrationRequest, Inference, JudgeRequest, JudgesRequest } from "./inference.ts";
import type { InferenceError } from "./inference-error.ts";
import { inferenceErrorOf } from "./inference-failure.ts";

/** One line of a response. */
export type Line =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "position"; readonly ahead: number }
  | { readonly type: "progress"; readonly share: number }
  | { readonly type: "result"; readonly result: unknown }
  | { readonly type: "error"; readonly code: InferenceError["code"]; readonly message: string };

/** What may be asked for, by path. */
type Work = (body: unknown, say: (line: Line) => void, signal: AbortSignal) => Promise<unknown>;

/**
 * Lets other processes of this machine use the model: HTTP on a local socket (or a named pipe), JSON in, one JSON line out for each
 * thing that happens. Whoever hangs up stops the work. Who may use the socket is the file system's decision: put it into a folder
 * of one's own.
 */
export class InferenceServer implements AsyncDisposable {
  readonly #server: Server;

  /** @param path of the socket; one that a dead process left there is replaced */
  static async listen(inference: Inference, path: string): Promise<InferenceServer> {
    const server = new InferenceServer(inference);
    if (process.platform !== "win32") rmSync(path, { force: true });
    await new Promise<void>((resolve, reject) => server.#server.once("error", reject).listen(path, resolve));
    return server;
  }

  private constructor(inference: Inference) {
    const works: Readonly<Record<string, Work>> = {
      "/answer": async (body, say, signal) =>
        await inference.answer(body as AnswerRequest, {
          signal,
          onText: (body as AnswerBody).isStreamed ? (committed) => say({ type: "text", text: committed }) : undefined,
          onPosition: (ahead) => say({ type: "position", ahead }),
        }),
      "/judge": async (body, _, signal) => await inference.judge(body as JudgeRequest, signal),
      "/judges": async (body, _, signal) => await inference.judges(body as JudgesRequest, signal),
      "/calibrate": async (body, say, signal) =>
        await inference.calibrate(body as CalibrationRequest, { signal, onProgress: (share) => say({ type: "progress", share }) }),
      "/forget": async (body) => await inference.forgetGuild((body as { readonly guild: string }).guild),
      "/load": async () => await inference.load(),
      "/model": async () => inference.model,
    };
    this.#server = createServer((request, response) => void serve(works[request.url ?? ""], request, response));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}

export interface AnswerBody extends AnswerRequest {
  /** Whether somebody reads along. */
  readonly isStreamed: boolean;
}

async function serve(work: Work | undefined, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const say = (line: Line) => void response.write(`${JSON.stringify(line)}\n`);
  try {
    if (work === undefined) throw new TypeError(`Expected a path that is served, got ${request.url}`);
    const body = await text(request);
    say({ type: "result", result: await work(body === "" ? undefined : JSON.parse(body), say, gone.signal) });
  } catch (error) {
    const { code, message } = inferenceErrorOf(error);
    say({ type: "error", code, message });
  }
  response.end();
}
