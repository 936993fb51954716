import type { IncomingMessage, ServerResponse } from "node:http";
import { RESTJSONErrorCodes } from "discord-api-types/v10";
import type { World } from "../world/world.ts";
import { ApiError } from "./api-error.ts";
import { bodyOf, type Fault, Faults, isCarriedOut, isHangUp } from "./faults.ts";
import { Holds } from "./holds.ts";
import { type Allowance, RateLimits } from "./rate-limits.ts";
import { type Method, type RestRequest, readBody } from "./rest-request.ts";
import type { FoundRoute, Router } from "./router.ts";

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The HTTP side of the platform: writes down every request, lets go wrong what is to go wrong, and has the rest answered. */
export class RestServer {
  readonly requests: RestRequest[] = [];
  readonly faults = new Faults();
  readonly holds = new Holds();
  readonly rateLimits = new RateLimits();
  /** What went wrong in the platform itself. */
  readonly defects: unknown[] = [];
  readonly #world: World;
  readonly #router: Router;
  readonly #token: string;
  #inFlight = 0;

  constructor(world: World, router: Router, token: string) {
    this.#world = world;
    this.#router = router;
    this.#token = token;
  }

  /** Requests that are not answered yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  forget(): void {
    this.requests.length = 0;
  }

  /** @param path behind the version, still encoded */
  async handle(incoming: IncomingMessage, path: string, response: ServerResponse): Promise<void> {
    // Who goes away in the middle of a request has not made one.
    const body = await readBody(incoming).catch(() => undefined);
    if (body === undefined) return;
    this.#inFlight++;
    const url = new URL(path, "http://discord");
    const decoded = decodeURIComponent(url.pathname);
    const found = this.#router.find(incoming.method as Method, decoded);
    const request: RestRequest = {
      method: incoming.method as Method,
      route: found?.template ?? decoded,
      path: decoded,
      query: url.searchParams,
      headers: incoming.headers,
      ...body,
      atMs: this.#world.clock.now(),
      status: undefined,
      answer: undefined,
    };
    this.requests.push(request);
    await this.holds.pass(request);
    const answer = this.#answer(request, found);
    request.status = answer?.status ?? "hung up";
    request.answer = answer?.body;
    this.#inFlight--;
    this.#world.happenings.tell(`bot: ${request.method} ${decoded} -> ${request.status}`);
    if (answer === undefined) incoming.socket.destroy();
    else send(response, answer);
  }

  /** `undefined`: none comes. */
  #answer(request: RestRequest, found: FoundRoute | undefined): Answer | undefined {
    const fault = this.faults.take(request);
    const allowance = this.rateLimits.take(request);
    const headers = rateLimitHeaders(allowance);
    if (fault === undefined) return allowance.isExceeded ? tooMany(allowance) : { ...this.#carryOut(request, found), headers };
    if (fault.status === 429) return tooMany({ ...allowance, isGlobal: fault.isGlobal ?? false, resetAfterMs: fault.retryAfterMs ?? 10 });
    if (isCarriedOut(fault)) this.#carryOut(request, found);
    return isHangUp(fault) ? undefined : { ...failure(fault), headers };
  }

  #carryOut(request: RestRequest, found: FoundRoute | undefined): Answer {
    const isOpen = request.route.startsWith("/webhooks/") || request.route.startsWith("/interactions/");
    if (!isOpen && request.headers.authorization !== `Bot ${this.#token}`) return failure({ status: 401 });
    try {
      if (found === undefined) throw new ApiError(RESTJSONErrorCodes.GeneralError);
      const body = found.handler({ request, parameters: found.parameters });
      return { status: body === undefined ? 204 : 200, body };
    } catch (error) {
      if (error instanceof ApiError) return { status: error.status, body: error.body };
      this.defects.push(error);
      return failure({ status: 500 });
    }
  }
}

function failure(fault: Fault): Answer {
  return { status: typeof fault.status === "number" ? fault.status : 500, body: bodyOf(fault) };
}

function rateLimitHeaders({ limit, remaining, resetAfterMs, bucket }: Allowance): Record<string, string> {
  const resetAfter = (resetAfterMs / 1000).toFixed(3);
  return {
    "x-ratelimit-limit": String(limit),
    "x-ratelimit-remaining": String(remaining),
    "x-ratelimit-reset": (Date.now() / 1000 + resetAfterMs / 1000).toFixed(3),
    "x-ratelimit-reset-after": resetAfter,
    "x-ratelimit-bucket": bucket,
  };
}

function tooMany(allowance: Allowance): Answer {
  const seconds = allowance.resetAfterMs / 1000;
  return {
    status: 429,
    body: { message: "You are being rate limited.", retry_after: seconds, global: allowance.isGlobal },
    headers: {
      ...rateLimitHeaders({ ...allowance, remaining: 0 }),
      "retry-after": seconds.toFixed(3),
      "x-ratelimit-scope": allowance.isGlobal ? "global" : "user",
      ...(allowance.isGlobal ? { "x-ratelimit-global": "true" } : {}),
    },
  };
}

function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  response.writeHead(status, { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
