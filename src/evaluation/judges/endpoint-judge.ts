import ky, { HTTPError, type KyInstance, type Options } from "ky";
import PQueue from "p-queue";
import { z } from "zod";
import { EitherSignal, JudgeError, ORDERS, type Principle } from "../../core/index.ts";
import { type LetteredOptions, labelsOf, lettered, letteredQuestion, letteredVerdict, principleOptions } from "../../judges/index.ts";
import { type Case, type CaseJudge, JudgeDownError } from "./case-judge.ts";

export interface EndpointOptions {
  /** Where the API begins, such as `https://api.openai.com/v1`. */
  readonly url: string;
  readonly model: string;
  /** Sent as a bearer token, if there is one. */
  readonly key: string | undefined;
  /** Requests at once. */
  readonly atOnce: number;
  /** Requests that may begin within any minute, those made again included. @default as many as there are */
  readonly perMinute: number | undefined;
  /** The longest that one question may take, its retries included. */
  readonly timeoutMs: number;
  /** Milliseconds before an attempt, counted from 1, unless the server says how long to wait. @default 0.3, 0.6, 1.2 .. seconds */
  readonly pauseMs?: (attempt: number) => number;
  /** Of a million tokens, read and written. */
  readonly price: Price | undefined;
}

export interface Price {
  readonly read: number;
  readonly written: number;
}

const RETRIES = 4;

/** After so many other texts and not one verdict, what answers is no judge: to ask on would only cost. */
const MOST_IN_VAIN = 10;

const count = z.number().nonnegative();

const position = z.object({ token: z.string(), logprob: z.number() });

const completion = z.object({
  choices: z.tuple(
    [
      z.object({
        message: z.object({ content: z.string().nullish() }),
        logprobs: z.object({ content: z.array(position.extend({ top_logprobs: z.array(position).default([]) })).nullish() }).nullish(),
      }),
    ],
    z.unknown(),
  ),
  usage: z.object({ prompt_tokens: count, completion_tokens: count }).nullish(),
});

type Completion = z.infer<typeof completion>;

/**
 * A model behind an OpenAI-compatible address, asked with the options in both orders; where it tells probabilities, a value is as fine as
 * those. Requests that fail are made again, with growing pauses or after the time that the server names.
 */
export class EndpointJudge implements CaseJudge {
  readonly name: string;
  readonly atOnce: number;
  readonly #options: EndpointOptions;
  readonly #client: KyInstance;
  readonly #questions: PQueue;
  /** `undefined`: there is no limit. */
  readonly #begun: PQueue | undefined;
  #made = 0;
  #read = 0;
  #written = 0;
  #inVain = 0;
  #hasJudged = false;
  /** Some servers and models refuse them. */
  #extras: object = { temperature: 0, logprobs: true, top_logprobs: 5 };

  constructor(options: EndpointOptions) {
    const { url, model, atOnce, perMinute } = options;
    this.name = `${model} at ${url}`;
    this.atOnce = atOnce;
    this.#options = options;
    this.#client = ky.create(clientOptions(options, (signal) => this.#turn(signal)));
    this.#questions = new PQueue({ concurrency: atOnce });
    this.#begun = perMinute === undefined ? undefined : new PQueue({ intervalCap: perMinute, interval: 60_000, strict: true });
  }

  async value(asked: Case, signal: AbortSignal): Promise<number> {
    const values = await Promise.all(offers(asked).map((options) => this.#questions.add(() => this.#ask(asked, options, signal))));
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  }

  bill(): string {
    const { price } = this.#options;
    const tokens = `${this.#made} requests, ${this.#read} tokens read, ${this.#written} written`;
    if (price === undefined) return tokens;
    return `${tokens}, which cost ${((this.#read * price.read + this.#written * price.written) / 1e6).toFixed(4)}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#questions.clear();
    this.#begun?.clear();
  }

  async #ask({ turns, principle, reference }: Case, options: LetteredOptions, signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    // Waiting for one's turn is none of the server's time.
    await this.#turn(signal);
    const question = letteredQuestion({ turns, question: principle.question, options, reference });
    const reply = await this.#reply(question, signal);
    const [{ message, logprobs }] = reply.choices;
    const text = message.content ?? "";
    const verdict = letteredVerdict({ text, logprobs }, options);
    if (verdict === undefined) throw this.#nonsense(principle, text, options);
    this.#hasJudged = true;
    return verdict;
  }

  async #reply(question: string, signal: AbortSignal): Promise<Completion> {
    const limit = AbortSignal.timeout(this.#options.timeoutMs);
    using either = new EitherSignal(signal, limit);
    try {
      return await this.#complete(question, either.signal);
    } catch (cause) {
      signal.throwIfAborted();
      throw limit.aborted ? this.#late(cause) : await this.#down(cause);
    }
  }

  async #complete(question: string, signal: AbortSignal): Promise<Completion> {
    const json = { model: this.#options.model, messages: [{ role: "user", content: question }], ...this.#extras };
    try {
      this.#made++;
      const reply = completion.parse(await this.#client.post("chat/completions", { json, signal }).json());
      this.#read += reply.usage?.prompt_tokens ?? 0;
      this.#written += reply.usage?.completion_tokens ?? 0;
      return reply;
    } catch (error) {
      const isRefused = error instanceof HTTPError && error.response.status === 400 && "temperature" in json;
      if (!isRefused) throw error;
      this.#extras = {};
      await this.#turn(signal);
      return await this.#complete(question, signal);
    }
  }

  /** Resolves when one more request may begin. */
  async #turn(signal: AbortSignal): Promise<void> {
    await this.#begun?.add(() => undefined, { signal });
  }

  /** What it said instead may quote what it judges: it is not repeated. */
  #nonsense({ name }: Principle, text: string, options: LetteredOptions): JudgeError | JudgeDownError {
    this.#inVain++;
    const said = labelsOf(options);
    if (this.#hasJudged || this.#inVain < MOST_IN_VAIN)
      return new JudgeError(name, `Expected the judge to answer ${said}, got another text of ${text.length} characters`);
    const found = `other texts ${this.#inVain} times and no verdict (is it a model that follows instructions?)`;
    return new JudgeDownError(`Expected ${this.name} to answer ${said}, got ${found}`, { judge: this.name });
  }

  #late(cause: unknown): JudgeDownError {
    const seconds = this.#options.timeoutMs / 1000;
    return new JudgeDownError(`Expected ${this.name} to answer within ${seconds} s, got nothing (\`--judge-timeout\` allows more)`, {
      judge: this.name,
      cause,
    });
  }

  async #down(cause: unknown): Promise<JudgeDownError> {
    return new JudgeDownError(`Expected ${this.name} to answer, got: ${await reasonOf(cause)}`, { judge: this.name, cause });
  }
}

function clientOptions({ url, key, pauseMs }: EndpointOptions, turn: (signal: AbortSignal) => Promise<void>): Options {
  return {
    prefixUrl: url,
    // Of a whole question, not of an attempt: the signal takes care of it.
    timeout: false,
    retry: { limit: RETRIES, methods: ["post"], ...(pauseMs === undefined ? {} : { delay: pauseMs }) },
    hooks: { beforeRetry: [({ request }) => turn(request.signal)] },
    ...(key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } }),
  };
}

const GRADES = [
  { wording: "very much so", value: 1 },
  { wording: "mostly", value: 0.5 },
  { wording: "half and half", value: 0 },
  { wording: "hardly", value: -0.5 },
  { wording: "not at all", value: -1 },
] as const;

/** What a judge that answers in words may choose from: the same options in two orders, as models favour a letter. */
function offers({ principle, isGraded }: Pick<Case, "principle" | "isGraded">): readonly LetteredOptions[] {
  if (isGraded) return [lettered(GRADES), lettered(GRADES.toReversed())];
  return ORDERS.map((order) => principleOptions(principle, order));
}

const models = z.object({ data: z.array(z.object({ id: z.string() })) });

/** The longest that one waits for a list. */
const TIMEOUT_MS = 10_000;

/**
 * The only model behind an address, as local servers have it.
 *
 * @throws {JudgeDownError} when there are several, or the server does not list them
 */
export async function onlyModel(url: string, key: string | undefined): Promise<string> {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const listed = await ky
    .get("models", { prefixUrl: url, headers, timeout: TIMEOUT_MS, retry: 1 })
    .json()
    .then((list) => models.parse(list).data.map(({ id }) => id))
    .catch(async (cause: unknown) => {
      const isOther = cause instanceof z.ZodError || cause instanceof SyntaxError;
      const fault = isOther ? "" : `: ${await httpFault(cause)}`;
      throw unknown(url, `nobody said which there are${fault}`, cause);
    });
  const [only, ...others] = listed;
  if (only !== undefined && others.length === 0) return only;
  throw unknown(url, listed.length === 0 ? "none" : `${listed.slice(0, 5).join(", ")}${listed.length > 5 ? " .." : ""}`);
}

function unknown(url: string, found: string, cause?: unknown): JudgeDownError {
  return new JudgeDownError(`Expected \`--judge-model\` to name a model at ${url}, got none (there: ${found})`, { judge: url, cause });
}

async function reasonOf(cause: unknown): Promise<string> {
  if (cause instanceof z.ZodError || cause instanceof SyntaxError)
    return "no chat completion (does the address end where the API begins, as in .../v1?)";
  return await httpFault(cause);
}

/** The longest that is told of what a server says about an error. */
const EXCERPT = 200;

/** Why a request came to nothing, for a person: what the server said, or why it could not be reached. */
async function httpFault(cause: unknown): Promise<string> {
  if (cause instanceof HTTPError) {
    const said = await cause.response.text().catch(() => "");
    return `${cause.response.status} ${cause.response.statusText} ${said.slice(0, EXCERPT)}`.trim();
  }
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? `${cause.message}: ${cause.cause.message}` : cause.message;
}
