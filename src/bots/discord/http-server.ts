import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { OptionError } from "../../core/index.ts";
import type { Readiness } from "./readiness.ts";

/** What whoever runs the bot may ask it. */
export interface Operation {
  /** Figures for Prometheus, as text. */
  readonly metrics: () => Promise<string>;
  readonly readiness: () => Promise<Readiness>;
}

export interface HttpAddress {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

type Page = (operation: Operation) => Promise<Answer>;

const PAGES: Readonly<Record<string, Page>> = {
  "/metrics": async ({ metrics }) => ({ status: 200, type: "text/plain; version=0.0.4; charset=utf-8", body: await metrics() }),
  // Whoever can say so is alive.
  "/healthz": async () => json(200, { alive: true }),
  "/readyz": async ({ readiness }) => {
    const { isReady, reasons } = await readiness();
    return json(isReady ? 200 : 503, { ready: isReady, reasons });
  },
};

/** `/metrics`, `/healthz` and `/readyz`, and nothing else. None of them changes anything or names a person, a guild or a text. */
export class HttpServer implements AsyncDisposable {
  readonly #server: Server;

  /** @throws {OptionError} when somebody else listens there, for example */
  static async listen(operation: Operation, address: HttpAddress): Promise<HttpServer> {
    const http = new HttpServer(operation);
    await new Promise<void>((resolve, reject) => {
      const refuse = ({ code }: NodeJS.ErrnoException) => reject(cannotListen(address, code));
      http.#server.once("error", refuse).listen(address.port, address.host, resolve);
    });
    return http;
  }

  private constructor(operation: Operation) {
    this.#server = createServer((request, response) => void respond(operation, request, response));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}

function cannotListen({ host, port }: HttpAddress, code = "an error"): OptionError {
  const address = `${host}:${port}`;
  return new OptionError("httpPort", `Expected \`httpHost\` and \`httpPort\` to be free, got ${code} at \`${address}\``, address);
}

async function respond(operation: Operation, { method, url = "" }: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, type, body } = await answer(operation, { method, path: url.split("?", 1)[0] ?? "" });
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    ...(status === 405 ? { allow: "GET, HEAD" } : {}),
  });
  response.end(method === "HEAD" ? undefined : body);
}

async function answer(operation: Operation, asked: { readonly method: string | undefined; readonly path: string }): Promise<Answer> {
  const page = Object.hasOwn(PAGES, asked.path) ? PAGES[asked.path] : undefined;
  if (page === undefined) return json(404, { error: `Expected one of ${Object.keys(PAGES).join(", ")}` });
  if (asked.method !== "GET" && asked.method !== "HEAD") return json(405, { error: "Expected GET or HEAD" });
  try {
    return await page(operation);
  } catch {
    // Why is in the log of what failed; here it might be read by anybody.
    return json(500, { error: "Something went wrong" });
  }
}

function json(status: number, body: object): Answer {
  return { status, type: "application/json", body: JSON.stringify(body) };
}
