import ky, { type KyInstance } from "ky";
import { z } from "zod";
import { ContextFullError, EngineError } from "../../core/errors.ts";
import { failure } from "../llama/failure.ts";

/** How a server is reached. */
export interface ClientOptions {
  readonly url: string;
  readonly key: string | undefined;
  /** In seconds, of one request. */
  readonly timeout: number;
}

/** What is asked, and when it is given up. */
interface Asking {
  readonly signal: AbortSignal | undefined;
  /** Sent as JSON; without it nothing is sent. */
  readonly json?: object;
}

/** The most that is told of what a server says. */
const EXCERPT = 200;

/** Said with these when a server has no room now, or is still loading. */
const BUSY: readonly number[] = [429, 503];

/** What some say of pages that they do not have. */
const NOT_IMPLEMENTED = 501;

const fault = z.object({ message: z.string(), n_prompt_tokens: z.number().optional(), n_ctx: z.number().optional() });

const saidError = z.union([
  z.object({ error: fault }).transform(({ error }) => error),
  z.object({ error: z.string() }).transform(({ error }) => ({ message: error })),
  fault,
]);

/** Asks a server, and makes one error in one line of all that may come instead of an answer. An abort hangs up. */
export class ServerClient {
  /** Without a `/v1` and slashes at its end. */
  readonly url: string;
  readonly #client: KyInstance;

  constructor({ url, key, timeout }: ClientOptions) {
    this.url = url.replace(/\/+(v1\/*)?$/, "");
    this.#client = ky.create({
      prefixUrl: this.url,
      timeout: timeout * 1000,
      // Once, where the connection is at fault: a server closes one that was idle just when it is used again. What is asked changes nothing there.
      retry: { limit: 1, methods: ["get", "post"], statusCodes: [], delay: () => 0 },
      throwHttpErrors: false,
      ...(key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } }),
    });
  }

  /** Whether there is such a page, and its answer is one of this shape. Where a key is missing, or the server fails, nothing can be told: that is thrown. */
  async finds(path: string, shape: z.ZodType, asking: Asking): Promise<boolean> {
    const { status, text } = await this.#exchange(path, asking);
    if (status === 401 || status === 403 || status === 429 || (status > 499 && status !== NOT_IMPLEMENTED))
      throw this.#refusal(path, status, text);
    return status >= 200 && status <= 299 && shape.safeParse(parsed(text)).success;
  }

  /**
   * @throws {EngineError} `server-unreachable`, `server-busy`, `server-refused` or `server-unreadable`, and the reason of the signal
   * @throws {ContextFullError} where the server says so
   */
  async ask<Shape extends z.ZodType>(path: string, shape: Shape, asking: Asking): Promise<z.infer<Shape>> {
    const { status, type, text } = await this.#exchange(path, asking);
    if (status < 200 || status > 299) throw this.#refusal(path, status, text);
    const found = shape.safeParse(parsed(text));
    if (found.success) return found.data;
    throw new EngineError(
      "server-unreadable",
      `Expected ${this.#name(path)} to answer in its own JSON, got ${text.length} characters of ${type} (is it another server, or a proxy in between?)`,
    );
  }

  async #exchange(path: string, { signal, json }: Asking) {
    try {
      const body = json === undefined ? {} : { json };
      const response = await this.#client(path, { method: json === undefined ? "get" : "post", ...body, signal: signal ?? null });
      const text = await response.text();
      return { status: response.status, type: response.headers.get("content-type") ?? "something", text };
    } catch (cause) {
      signal?.throwIfAborted();
      throw failure("server-unreachable", `${this.#name(path)} to answer (does the server run?)`, cause);
    }
  }

  #refusal(path: string, status: number, text: string): Error {
    // Of what is no error in JSON nothing is told: it may be anything, such as the text that was being judged.
    const { message, n_prompt_tokens, n_ctx }: z.infer<typeof fault> = saidError.safeParse(parsed(text)).data ?? { message: "" };
    if (n_prompt_tokens !== undefined && n_ctx !== undefined) return new ContextFullError(n_prompt_tokens, n_ctx - 1);
    const words = `${status}${message === "" ? "" : `: ${excerpt(message)}`}`;
    if (BUSY.includes(status))
      return new EngineError("server-busy", `Expected ${this.#name(path)} to have room, got ${words} (try again later)`);
    const advice = status === 401 || status === 403 ? " (is the key right?)" : "";
    return new EngineError("server-refused", `Expected ${this.#name(path)} to do as it was asked, got ${words}${advice}`);
  }

  #name(path: string): string {
    return `${this.url}/${path}`;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** In one line. */
function excerpt(text: string): string {
  return text.trim().replaceAll(/\s+/g, " ").slice(0, EXCERPT);
}
