import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { OptionError } from "../core/index.ts";
import type { RainApp } from "./app.ts";

/** Where a server listens. */
export interface Address {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

export interface Listening extends AsyncDisposable {
  readonly port: number;
  /** From now on this answers; until then all are told to wait. */
  serve(app: Pick<RainApp, "fetch">): void;
}

/** Names by which a machine calls itself. */
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]", "::1"]);

export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host);
}

/**
 * Listens at once, and tells everybody that the model is being loaded until there is one. A server that anybody may ask answers to its own names only: a page
 * of somebody else's whose name leads here would read what it says.
 *
 * @throws {OptionError} when the address is taken, for example
 */
export async function listen({ host, port }: Address, { isOpen }: { readonly isOpen: boolean }): Promise<Listening> {
  let served: Pick<RainApp, "fetch"> | undefined;
  const server = createAdaptorServer({
    overrideGlobalObjects: false,
    fetch: (request) => {
      if (isOpen && !isLoopback(new URL(request.url).hostname)) return refusal(403, "Expected a name of this machine, got another one");
      return served === undefined
        ? refusal(503, "Expected a model, got one that is being loaded (try again later)")
        : served.fetch(request);
    },
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", ({ code, message }: NodeJS.ErrnoException) =>
      reject(new OptionError("port", `Expected to listen at ${host}:${port}, got: ${code ?? message}`, port)),
    );
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    serve: (app) => {
      served = app;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server.close(), "close");
      if ("closeAllConnections" in server) server.closeAllConnections();
      await closed;
    },
  };
}

function refusal(status: 403 | 503, message: string): Response {
  const error = {
    message,
    type: status === 503 ? "server_error" : "invalid_request_error",
    param: null,
    code: status === 503 ? "loading" : "unknown_host",
  };
  return Response.json({ error }, { status, headers: status === 503 ? { "retry-after": "2" } : {} });
}
