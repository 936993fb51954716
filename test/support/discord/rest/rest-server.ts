import { appendFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { RESTJSONErrorCodes } from "discord-api-types/v10";
import type { World } from "../world/world.ts";
import { ApiError } from "./access.ts";
import { bodyOf, type Fault, Faults, Holds, isCarriedOut, isHangUp } from "./faults.ts";
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
    record(request);
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
    if (fault === undefined) return this.#carryOut(request, found);
    if (fault.status === 429) return tooMany(request);
    if (isCarriedOut(fault)) this.#carryOut(request, found);
    return isHangUp(fault) ? undefined : failure(fault);
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

/** For `npm run bench:rest`: a file to which all that was asked is written, a line each. */
function record({ method, path, query, body }: RestRequest): void {
  const file = process.env["RAIN_RECORD_REST"];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ method, path, query: [...query.keys()], body })}\n`);
}

function failure(fault: Fault): Answer {
  return { status: typeof fault.status === "number" ? fault.status : 500, body: bodyOf(fault) };
}

/** When to try again. */
const RETRY_SECONDS = 0.01;

function tooMany({ method, route }: RestRequest): Answer {
  return {
    status: 429,
    body: { message: "You are being rate limited.", retry_after: RETRY_SECONDS, global: false },
    headers: {
      "x-ratelimit-limit": "1",
      "x-ratelimit-remaining": "0",
      "x-ratelimit-reset": (Date.now() / 1000 + RETRY_SECONDS).toFixed(3),
      "x-ratelimit-reset-after": RETRY_SECONDS.toFixed(3),
      "x-ratelimit-bucket": Buffer.from(`${method} ${route}`).toString("hex").slice(0, 32),
      "x-ratelimit-scope": "user",
      "retry-after": RETRY_SECONDS.toFixed(3),
    },
  };
}

function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  response.writeHead(status, { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
