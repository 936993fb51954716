/** A client of the server that `serve.ts` measures; as the program of a worker it asks from a thread of its own, as clients are elsewhere. */
import { isMainThread, parentPort, Worker } from "node:worker_threads";

export interface Latencies {
  /** Milliseconds to its first judged text. */
  readonly first: number;
  readonly whole: number;
}

export interface Received extends Latencies {
  readonly text: string;
}

export interface Asking {
  readonly url: string;
  readonly key: string;
  readonly question: string;
  readonly seed: number;
  readonly maxTokens: number;
  /** Milliseconds between two reads. @default 0 */
  readonly slowness?: number;
  /** Characters behind which nobody reads on. @default none */
  readonly hangsUpBehind?: number;
  /** Milliseconds after which nobody waits any more for the beginning. @default none */
  readonly leavesAfter?: number;
}

/** Reads a stream; `undefined` where the client hung up. */
export async function overHttp({
  url,
  key,
  question,
  seed,
  maxTokens,
  slowness = 0,
  hangsUpBehind = Number.POSITIVE_INFINITY,
  leavesAfter,
}: Asking): Promise<Received | undefined> {
  const stop = new AbortController();
  const timer = leavesAfter === undefined ? undefined : setTimeout(() => stop.abort(), leavesAfter);
  const start = performance.now();
  const body = JSON.stringify({ messages: [{ role: "user", content: question }], seed, max_tokens: maxTokens, stream: true });
  const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
  const response = await fetch(url, { method: "POST", headers, body, signal: stop.signal }).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  clearTimeout(timer);
  if (response === undefined) return undefined;
  if (!response.ok) throw new Error(`Expected an answer, got status ${response.status}`);
  let first = 0;
  let received = "";
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    received += decoder.decode(bytes, { stream: true });
    if (first === 0 && /"content":"[^"]/.test(received)) first = performance.now() - start;
    // Who leaves the loop closes the connection. An abort here leaves the loop waiting for ever now and then, on Node.js 20.
    if (received.length > hangsUpBehind) return undefined;
    if (slowness > 0) await new Promise((resolve) => setTimeout(resolve, slowness));
  }
  const whole = performance.now() - start;
  if (!received.trimEnd().endsWith("data: [DONE]")) throw new Error(`Expected a whole stream, got ${received.slice(-80)}`);
  const events = [...received.matchAll(/^data: (\{.*\})$/gm)].map(
    ([, json = ""]) => JSON.parse(json) as { choices: { delta: { content?: string } }[] },
  );
  return { first, whole, text: events.map(({ choices }) => choices[0]?.delta.content ?? "").join("") };
}

/** This module, in a thread that knows no TypeScript by itself. */
const PROGRAM = `import("tsx/esm/api").then(({ tsImport }) => tsImport(${JSON.stringify(import.meta.url)}, ${JSON.stringify(import.meta.url)}));`;

/** Asks one request after the other from a thread of its own. */
export class ClientThread implements AsyncDisposable {
  readonly #worker = new Worker(PROGRAM, { eval: true, execArgv: [] });

  async ask(asking: Asking): Promise<Received> {
    return await new Promise((resolve, reject) => {
      const failed = (error: Error) => reject(error);
      this.#worker.once("error", failed);
      this.#worker.once("message", (received: Received) => {
        this.#worker.off("error", failed);
        resolve(received);
      });
      this.#worker.postMessage(asking);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}

if (!isMainThread) parentPort?.on("message", async (asking: Asking) => parentPort?.postMessage(await overHttp(asking)));
