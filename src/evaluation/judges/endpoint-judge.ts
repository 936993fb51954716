import ky, { HTTPError, type KyInstance, type Options } from "ky";
import PQueue from "p-queue";
import { z } from "zod";
import { JudgeError, type Principle } from "../../core/index.ts";
import { type LetteredOptions, labelsOf, letteredQuestion, letteredVerdict } from "../../judges/index.ts";
import type { Case, CaseJudge } from "./case-judge.ts";
import { httpFault } from "./http-fault.ts";
import { JudgeDownError } from "./judge-down-error.ts";
import { offers } from "./offers.ts";

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
    try {
      return await this.#complete(question, AbortSignal.any([signal, limit]));
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

async function reasonOf(cause: unknown): Promise<string> {
  if (cause instanceof z.ZodError || cause instanceof SyntaxError)
    return "no chat completion (does the address end where the API begins, as in .../v1?)";
  return await httpFault(cause);
}
