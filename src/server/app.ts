import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Context, Hono, type MiddlewareHandler, type Next } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { checkOptions, complaint, EitherSignal, type Engine, OptionError, type RainOptions } from "../core/index.ts";
import { AnswerQueue, type AnswerQueueOptions } from "../serving/index.ts";
import { chat } from "./chat.ts";
import { CHAT_NAMES, type ChatRequest, chatRequest, type RequestRules } from "./chat-request.ts";
import { type JudgeOfTexts, judgeOfTexts, judgeRequest } from "./judge.ts";
import { Keys } from "./keys.ts";
import { ServerMetrics } from "./metrics.ts";
import { failureOf, type ParameterNames, RequestError } from "./request-error.ts";
import { responses } from "./responses.ts";
import { RESPONSE_NAMES, responsesRequest } from "./responses-request.ts";
import { placeOf, type Sent, type Serving } from "./writing.ts";

export interface RainAppOptions extends AnswerQueueOptions {
  /**
   * What each answer begins with; a request may be stricter. @default the library's, but that each answer has another seed, is as long as the context lets it be, and is
   * refused where the judge is unfit (unjudged, with `allowUnjudged`)
   */
  readonly options?: RainOptions;
  /** By which the model is known to clients. @default its file's name */
  readonly model?: string;
  /** Whether requests for a model of another name are refused. @default false */
  readonly strictModel?: boolean;
  /** Who may ask: any of these, as `Authorization: Bearer`. @default anybody */
  readonly keys?: readonly string[];
  /** Whether a request may be laxer than `options`: ask for unjudged text, another principle, fewer flags. @default false */
  readonly allowUnjudged?: boolean;
  /** Whether rewinds that are told carry the text that was left: unsafe text. @default false */
  readonly revealDiscarded?: boolean;
  /** Origins of pages that may ask, besides the server's own; `*`: any. @default none */
  readonly corsOrigins?: readonly string[];
  /** Bytes of a request at most. @default 1048576 */
  readonly mostBytes?: number;
  /** Milliseconds that a stream waits for its first judged text before it opens; until then a failure has a status of its own. @default 2000 */
  readonly firstByteMs?: number;
  /** Milliseconds of silence that are filled. @default 10000 */
  readonly keepAliveMs?: number;
  /** Milliseconds since 1970. @default the clock's */
  readonly now?: () => number;
  /** Whether `/metrics` is there. @default false */
  readonly metrics?: boolean;
  /** Told of each request as its response begins, and of a stream that failed once more. No text of anybody's is in it. @default nothing is told */
  readonly onRequest?: (entry: RequestEntry) => void;
}

/** What is told of a request. */
export interface RequestEntry {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly milliseconds: number;
  /** Which of `keys` asked, from 1; 0: nobody had to say. */
  readonly key: number;
  /** What failed, where the client is told less. */
  readonly error?: unknown;
}

/** A server of OpenAI's API, as a function from requests to responses: see `rainApp`. */
export interface RainApp {
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** Answers that are being written or wait. */
  readonly pending: number;
  /** No new answers from now on; resolves when those that are under way are over. */
  drain(): Promise<void>;
  /** Ends all answers that are under way. */
  abort(): void;
}

const USUAL = {
  strictModel: false,
  allowUnjudged: false,
  revealDiscarded: false,
  corsOrigins: [],
  mostBytes: 1024 * 1024,
  firstByteMs: 2000,
  keepAliveMs: 10_000,
  metrics: false,
  now: () => performance.timeOrigin + performance.now(),
} as const satisfies RainAppOptions;

/** What is known of a request while it is answered. */
interface Env {
  Variables: { id: string; key: number; names: ParameterNames; error?: unknown };
}

/**
 * RAIN for every client of OpenAI's API: `POST /v1/chat/completions`, `POST /v1/responses`, `GET /v1/models`, `POST /v1/rain/judge`, `/health`, and a page at `/`. Only judged text
 * is sent; what fails, fails closed. Runs wherever `fetch` handlers do: `serve` of `@hono/node-server`, Next.js, Bun, Deno.
 *
 * @throws {OptionError} for options that cannot be meant
 */
export function rainApp(engine: Engine, options: RainAppOptions = {}): RainApp {
  return new ServedModel(engine, options);
}

class ServedModel implements RainApp {
  readonly #options: typeof USUAL & RainAppOptions;
  readonly #engine: Engine;
  readonly #model: string;
  readonly #rules: RequestRules;
  readonly #queue: AnswerQueue;
  readonly #judge: JudgeOfTexts;
  readonly #metrics: ServerMetrics;
  readonly #app: Hono<Env>;
  readonly #life = new AbortController();
  readonly #underWay = new UnderWay();
  #isDraining = false;

  constructor(engine: Engine, options: RainAppOptions) {
    this.#options = { ...USUAL, ...options } as typeof USUAL & RainAppOptions;
    this.#engine = engine;
    this.#model = options.model ?? engine.facts.model;
    this.#rules = { defaults: defaultsOf(engine, this.#options), allowsUnjudged: this.#options.allowUnjudged };
    const { concurrency, maxWaiting } = options;
    this.#queue = new AnswerQueue(engine, {
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(maxWaiting === undefined ? {} : { maxWaiting }),
    });
    this.#judge = judgeOfTexts(engine, this.#rules.defaults);
    this.#metrics = new ServerMetrics(this.#queue);
    this.#app = this.#routes();
  }

  async fetch(request: Request): Promise<Response> {
    return await this.#app.fetch(request);
  }

  get pending(): number {
    return this.#queue.running + this.#queue.waiting;
  }

  async drain(): Promise<void> {
    this.#isDraining = true;
    await this.#underWay.over();
  }

  abort(): void {
    this.#life.abort(goingDown());
  }

  #routes(): Hono<Env> {
    const { corsOrigins, metrics, mostBytes, now } = this.#options;
    const keys = new Keys(this.#options.keys ?? []);
    const app = new Hono<Env>();
    app.use(async (context, next) => await this.#account(context, next));
    // What OpenAI's client in a page reads, too, before it tries again.
    const exposeHeaders = ["x-request-id", "retry-after", "x-should-retry"];
    if (corsOrigins.length > 0) app.use(cors({ origin: [...corsOrigins], exposeHeaders }));
    app.get("/health", (context) => context.json({ status: this.#isDraining ? "draining" : "ok" }, this.#isDraining ? 503 : 200));
    app.get("/", (context) => context.html(PAGE, 200, PAGE_HEADERS));
    // All but these two, whatever is asked for.
    app.use(async (context, next) => {
      context.set("key", keys.check(context.req.header("authorization")));
      await next();
    });
    app.use(limited(mostBytes));
    if (metrics)
      app.get("/metrics", async ({ text }) => text(await this.#metrics.text(), 200, { "content-type": this.#metrics.contentType }));
    const card = { id: this.#model, object: "model", created: Math.floor(now() / 1000), owned_by: "rain-align" };
    app.get("/v1/models", (context) => context.json({ object: "list", data: [card] }));
    app.get("/v1/models/:id{.+}", (context) => {
      this.#checkModel(context.req.param("id"), true);
      return context.json(card);
    });
    app.post("/v1/chat/completions", async (context) => await this.#chat(context));
    app.post("/v1/responses", async (context) => await this.#responses(context));
    app.post("/v1/rain/judge", async (context) => await this.#judged(context));
    for (const [path, allow] of Object.entries(METHODS)) app.all(path, ({ req }) => wrongMethod(req.method, { path, allow }));
    app.notFound((context) => unknownUrl(context.req.path));
    app.onError((error, context) => failed(error, context));
    return app;
  }

  /** Numbers a request, and tells of it when its response begins. */
  async #account(context: Context<Env>, next: Next): Promise<void> {
    const start = performance.now();
    context.set("id", `req_${randomUUID().replaceAll("-", "")}`);
    context.set("key", 0);
    context.set("names", {});
    await next();
    context.res.headers.set("x-request-id", context.get("id"));
    const { status } = context.res;
    this.#metrics.request(status);
    const error = context.get("error");
    this.#options.onRequest?.({
      ...told(context),
      status,
      milliseconds: performance.now() - start,
      ...(error === undefined ? {} : { error }),
    });
  }

  async #chat(context: Context<Env>): Promise<Response> {
    const request = chatRequest(await this.#bodyOf(context), this.#rules);
    context.set("names", CHAT_NAMES);
    return await this.#send(context, request, (serving) => chat(request, serving));
  }

  async #responses(context: Context<Env>): Promise<Response> {
    const { asked, request } = responsesRequest(await this.#bodyOf(context), this.#rules);
    context.set("names", RESPONSE_NAMES);
    return await this.#send(context, request, (serving) => responses(request, asked, serving));
  }

  async #bodyOf(context: Context<Env>): Promise<unknown> {
    if (this.#isDraining) throw goingDown();
    // A page of another origin may send any other kind without asking first.
    const type = context.req.header("content-type") ?? "nothing";
    if (!/^application\/json\b/i.test(type))
      throw new RequestError(`Expected \`content-type: application/json\`, got \`${type}\``, {
        status: 415,
        code: "unsupported_media_type",
      });
    return await jsonOf(context.req.raw);
  }

  async #send(context: Context<Env>, { model }: ChatRequest, send: (serving: Serving) => Promise<Sent>): Promise<Response> {
    this.#checkModel(model, this.#options.strictModel);
    const { firstByteMs, keepAliveMs, revealDiscarded, now } = this.#options;
    const hungUp = new AbortController();
    const failed = new AbortController();
    const ending = new EitherSignal(context.req.raw.signal, this.#life.signal, hungUp.signal, failed.signal);
    const begun = send({
      engine: this.#engine,
      queue: this.#queue,
      model: this.#model,
      key: String(context.get("key")),
      signal: ending.signal,
      hangUp: () => hungUp.abort(new Error("The client has hung up")),
      giveUp: () => failed.abort(new Error("The request has failed")),
      ...{ firstByteMs, keepAliveMs, revealDiscarded, now },
      onAnswer: (answer) => this.#metrics.answer(answer),
      onFailure: (error) => {
        if (!hungUp.signal.aborted) this.#options.onRequest?.({ ...told(context), status: 200, milliseconds: 0, error });
      },
    });
    this.#underWay.add(begun.then(({ over }) => over).finally(() => ending[Symbol.dispose]()));
    return (await begun).response;
  }

  async #judged(context: Context<Env>): Promise<Response> {
    const request = judgeRequest(await this.#bodyOf(context));
    context.set("names", request.names);
    using ending = new EitherSignal(context.req.raw.signal, this.#life.signal);
    const { signal } = ending;
    const key = placeOf(String(context.get("key")), request.user);
    const verdict = this.#queue.inTurn(async () => await this.#judge(request, signal), { key, signal });
    this.#underWay.add(verdict);
    return context.json(await verdict);
  }

  #checkModel(asked: string | undefined, isStrict: boolean): void {
    if (!isStrict || asked === undefined || asked === this.#model) return;
    const message = `Expected the model \`${this.#model}\`, got \`${asked}\``;
    throw new RequestError(message, { status: 404, code: "model_not_found", param: "model" });
  }
}

/** @throws {OptionError} for what would let unjudged text pass where that is not allowed */
function defaultsOf(engine: Engine, { options, allowUnjudged = false }: RainAppOptions): RainOptions {
  const defaults: RainOptions = { seed: -1, maxTokens: engine.facts.contextSize, onUnfit: allowUnjudged ? "plain" : "refuse", ...options };
  const { mode, onUnfit } = checkOptions(defaults);
  if (!allowUnjudged && mode === "vanilla")
    throw new OptionError("mode", complaint("mode", "a judged one without `allowUnjudged`", mode), mode);
  if (!allowUnjudged && onUnfit === "plain")
    throw new OptionError("onUnfit", complaint("onUnfit", "`refuse` or `error` without `allowUnjudged`", onUnfit), onUnfit);
  return defaults;
}

/** What goes down waits for what was begun, whatever comes of it. */
class UnderWay {
  readonly #all = new Set<Promise<unknown>>();

  add(work: Promise<unknown>): void {
    const one = work.catch(() => undefined).finally(() => this.#all.delete(one));
    this.#all.add(one);
  }

  async over(): Promise<void> {
    while (this.#all.size > 0) await Promise.all(this.#all);
  }
}

function told(context: Context<Env>): Pick<RequestEntry, "id" | "method" | "path" | "key"> {
  return { id: context.get("id"), method: context.req.method, path: context.req.path, key: context.get("key") };
}

function goingDown(): RequestError {
  return new RequestError("Expected a server that goes on, got one that goes down", { status: 503, code: "going_down" });
}

/** A body that says its length has that length, and is read in one go. Whoever asks for its stream first, as `bodyLimit` does, has a millisecond spent on making one. */
function limited(mostBytes: number): MiddlewareHandler {
  const counted = bodyLimit({ maxSize: mostBytes, onError: () => tooLarge(mostBytes) });
  return async (context, next) => {
    const { headers } = context.req.raw;
    const length = headers.get("content-length");
    if (length === null || headers.has("transfer-encoding")) return await counted(context, next);
    if (!(Number(length) <= mostBytes)) tooLarge(mostBytes);
    await next();
  };
}

function tooLarge(mostBytes: number): never {
  throw new RequestError(`Expected at most ${mostBytes} bytes, got more`, { status: 413, code: "too_large" });
}

const METHODS = {
  "/v1/models": "GET",
  "/v1/chat/completions": "POST",
  "/v1/responses": "POST",
  "/v1/rain/judge": "POST",
} as const;

function wrongMethod(method: string, { path, allow }: { readonly path: string; readonly allow: string }): never {
  const message = `Expected ${allow} ${path}, got ${method}`;
  throw new RequestError(message, { status: 405, code: "method_not_allowed", headers: { allow } });
}

function unknownUrl(path: string): never {
  const why = path === "/v1/completions" ? ": a text without turns has no answer to be judged" : "";
  const message = `Expected one of \`/v1/chat/completions\`, \`/v1/responses\`, \`/v1/models\`, \`/v1/rain/judge\`, \`/health\`, got \`${path}\`${why}`;
  throw new RequestError(message, { status: 404, code: "unknown_url" });
}

function failed(error: unknown, context: Context<Env>): Response {
  const failure = failureOf(error, context.get("names"));
  // That somebody hangs up is nobody's fault.
  if (failure.status >= 500 && !context.req.raw.signal.aborted) context.set("error", error);
  return context.json({ error: failure.error }, failure.status, { ...failure.headers });
}

async function jsonOf(request: Request): Promise<unknown> {
  const body = await request.text();
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new RequestError(`Expected the body to be JSON, got ${body === "" ? "nothing" : "something else"}`, {
      code: "invalid_json",
      cause,
    });
  }
}

/** One page that needs nothing but this server. */
const PAGE = part("index.html")
  .replace("/*style*/", () => part("chat.css"))
  .replace("/*script*/", () => part("chat.js"));

const PAGE_HEADERS = {
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
} as const;

function part(name: string): string {
  return readFileSync(new URL(`./page/${name}`, import.meta.url), "utf8");
}
