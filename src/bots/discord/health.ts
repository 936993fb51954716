import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Registry } from "prom-client";
import { OptionError } from "../../core/index.ts";
import type { Inference, Store } from "../guard/index.ts";
import type { Bot } from "./bot.ts";
import { safeError } from "./errors.ts";
import { within } from "./within.ts";

/** What can be asked of the bot at any time, also while it comes up part by part. */
export class Health {
  /** Set as soon as it is loaded. */
  inference: Inference | undefined;
  /** Set before it logs in. */
  bot: Bot | undefined;
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async readiness(): Promise<Readiness> {
    return await readinessOf({
      ...this.#gateway(),
      store: () => this.#store.ping(),
      model: async () => {
        if (this.inference === undefined) throw new NotReady("not loaded yet");
        await this.inference.load();
      },
    });
  }

  /** Figures for Prometheus, as text. */
  async metrics(): Promise<string> {
    return (await this.bot?.metrics.registry.metrics()) ?? "";
  }

  /** Of several shards each one by itself. */
  #gateway(): Readonly<Record<string, Check>> {
    const check = (isReady: boolean | undefined) => async () => {
      if (isReady !== true) throw new NotReady("not connected");
    };
    const shards = this.bot?.shards ?? [];
    if (shards.length < 2) return { gateway: check(this.bot?.isReady) };
    return Object.fromEntries(shards.map(({ id, isReady }) => [`shard ${id} gateway`, check(isReady)]));
  }
}

/** Whether the bot can do its work at this moment, and if not, why. */
export interface Readiness {
  readonly isReady: boolean;
  /** By what is not ready, such as `gateway`, `store`, `model`. */
  readonly reasons: Readonly<Record<string, string>>;
}

/** Resolves if something works; rejects, or stays away, if it does not. */
type Check = () => Promise<unknown>;

/** Something does not work, in words for people who run the bot. */
export class NotReady extends Error {}

/** A probe gives up soon. */
const CHECK_MS = 2000;

/** Asks all at once. */
export async function readinessOf(checks: Readonly<Record<string, Check>>): Promise<Readiness> {
  const asked = Object.entries(checks).map(async ([name, check]) => [name, await complaintOf(check)] as const);
  const complaints = (await Promise.all(asked)).filter(([, complaint]) => complaint !== "");
  return { isReady: complaints.length === 0, reasons: Object.fromEntries(complaints) };
}

/** Empty: there is none. */
async function complaintOf(check: Check): Promise<string> {
  const complaint = check().then(() => "", reasonOf);
  return (await within(CHECK_MS, complaint)) ?? `no answer within ${CHECK_MS} ms`;
}

/** An error's own words may quote anything. */
function reasonOf(error: unknown): string {
  if (error instanceof NotReady) return error.message;
  const { message, code, type } = safeError(error);
  return message ?? String(code ?? type);
}

export interface HttpAddress {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

export interface HealthServer extends AsyncDisposable {
  readonly port: number;
}

type Asked = Pick<Health, "metrics" | "readiness">;
type HealthPage = readonly [status: number, body: object | string];

const PAGES: Readonly<Record<string, (health: Asked) => Promise<HealthPage>>> = {
  "/metrics": async (health) => [200, await health.metrics()],
  // A process that can say so is alive.
  "/healthz": async () => [200, { alive: true }],
  "/readyz": async (health) => {
    const { isReady, reasons } = await health.readiness();
    return [isReady ? 200 : 503, { ready: isReady, reasons }];
  },
};

/**
 * Offers `/metrics`, `/healthz` and `/readyz`, and nothing else. None of them changes anything or names a person, a guild or a text.
 *
 * @throws {OptionError} when the address is taken, for example
 */
export async function serveHealth(health: Asked, { host, port }: HttpAddress): Promise<HealthServer> {
  const server = createServer((request, response) => void respond(health, request, response));
  await new Promise<void>((resolve, reject) => {
    const refuse = ({ code }: NodeJS.ErrnoException) => reject(cannotListen(`${host}:${port}`, code));
    server.once("error", refuse).listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = once(server.close(), "close");
      server.closeAllConnections();
      await closed;
    },
  };
}

async function respond(health: Asked, { method = "", url = "" }: IncomingMessage, response: ServerResponse): Promise<void> {
  const [status, body] = await pageOf(health, method, url.split("?", 1)[0] ?? "");
  response.statusCode = status;
  if (status === 405) response.setHeader("allow", "GET, HEAD");
  response.setHeader("content-type", typeof body === "string" ? Registry.PROMETHEUS_CONTENT_TYPE : "application/json");
  // For HEAD, Node leaves the body out.
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

async function pageOf(health: Asked, method: string, path: string): Promise<HealthPage> {
  const page = Object.hasOwn(PAGES, path) ? PAGES[path] : undefined;
  if (page === undefined) return [404, { error: `Expected one of ${Object.keys(PAGES).join(", ")}` }];
  if (method !== "GET" && method !== "HEAD") return [405, { error: "Expected GET or HEAD" }];
  try {
    return await page(health);
  } catch {
    // The log says why; this page may be public.
    return [500, { error: "Something went wrong" }];
  }
}

function cannotListen(address: string, code = "an error"): OptionError {
  return new OptionError("httpPort", `Expected \`httpHost\` and \`httpPort\` to be free, got ${code} at \`${address}\``, address);
}
