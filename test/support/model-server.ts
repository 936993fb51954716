/** Servers on loopback that answer as the servers of models do, out of an engine here, and that can be made to fail. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json as readJson } from "node:stream/consumers";
import { type Engine, Meter, type Token } from "../../src/core/index.ts";
import { loadVocabulary } from "../../src/engines/llama/vocabulary-only.ts";
import type { LlamaEngine } from "../../src/llama.ts";

/** What goes wrong with a request: the connection is cut before the answer or in its middle, or another answer is sent. */
export type ServerFault = "cut" | "half" | { readonly status?: number; readonly type?: string; readonly body: string };

/** A request, as it came in. */
export interface ModelRequest {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Readonly<Record<string, unknown>>;
}

export interface ModelServerOptions {
  /** Asked before each answer; `undefined`: none. @param at how many came before */
  readonly fault?: (request: ModelRequest, at: number) => ServerFault | undefined;
  /** Put over what is said of the model. */
  readonly says?: Readonly<Record<string, unknown>>;
  readonly slots?: number;
  /** Requests for this path are never answered. */
  readonly holds?: string;
  /** Told of each request, and how to hear of it when who asked has hung up. */
  readonly onAsked?: (path: string, closed: (listener: () => void) => void) => unknown;
}

export interface ModelServerStub extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly ModelRequest[];
}

/** What answers one path. */
type Page = (body: ModelRequest["body"]) => Promise<object> | object;

/** What float32 can hold of a probability. */
const SMALLEST = 1e-45;

/** Pretends to be llama-server, with the model of an engine. */
export async function serveLikeLlama(
  engine: LlamaEngine,
  { slots = 4, says = {}, ...options }: ModelServerOptions = {},
): Promise<ModelServerStub> {
  const vocabulary = await loadVocabulary({ model: engine.facts.file });
  const { contextSize, vocabularySize, parameters, fileBytes, file } = engine.facts;
  const cache: SlotCache = new Map();
  const props = {
    total_slots: slots,
    model_path: file,
    default_generation_settings: { n_ctx: contextSize + 1 },
    ...(engine.chatTemplate === undefined ? {} : { chat_template: engine.chatTemplate }),
    ...says,
  };
  const pages: Readonly<Record<string, Page>> = {
    "GET /props": () => props,
    "GET /v1/models": () => ({ data: [{ id: "served", meta: { n_vocab: vocabularySize, n_params: parameters, size: fileBytes } }] }),
    "POST /tokenize": ({ content }) => ({ tokens: vocabulary.vocabulary.tokenizeAlone(content as string) }),
    "POST /completion": (body) => llamaCompletion(engine, cache, body as unknown as LlamaCompletion),
  };
  return await serve(pages, options, () => vocabulary[Symbol.asyncDispose]());
}

/** Pretends to be vLLM, which keeps whole blocks of what it has read. @param says `maxLogprobs`, `knowsTokens` and `countsCache` */
export async function serveLikeVllm(engine: LlamaEngine, { says = {}, ...options }: ModelServerOptions = {}): Promise<ModelServerStub> {
  const { maxLogprobs = Number.POSITIVE_INFINITY, knowsTokens = true, countsCache = true } = says as VllmSays;
  const vocabulary = await loadVocabulary({ model: engine.facts.file });
  const cache = new SharedCache(BLOCK);
  const complete: Page = async (body) => {
    const {
      prompt,
      max_tokens,
      temperature,
      logprobs,
      logprob_token_ids: asked,
      cache_salt: salt = "",
    } = body as unknown as VllmCompletion;
    if (logprobs > maxLogprobs)
      throw new Refusal(`Requested sample logprobs of ${logprobs}, which is greater than max allowed: ${maxLogprobs}`);
    if (asked !== undefined && asked.length > MOST_NAMED)
      throw new Refusal(`Requested logprob_token_ids of length ${asked.length}, which is greater than max allowed: ${MOST_NAMED}`);
    if (prompt.length + max_tokens > engine.facts.contextSize + 1) throw new Refusal("This model's maximum context length is too short");
    const cached_tokens = cache.read(prompt, salt);
    const [tokens, top_logprobs]: [string[], object[]] = [[], []];
    for (
      const written = [...prompt];
      tokens.length < max_tokens && !engine.tokenizer.isEnd(tokens.length === 0 ? -1 : (written.at(-1) as Token));
    ) {
      const told = likeliestFirst(await logitsBehind(engine, written));
      // What is drawn comes first, whatever it is: here the unlikeliest token.
      const drawn = told.at(temperature === 0 ? 0 : -1);
      const chosen = asked === undefined || !knowsTokens ? told.slice(0, logprobs) : told.filter(({ id }) => asked.includes(id));
      const named = [drawn, ...chosen].map((one) => [`token_id:${one?.id}`, Math.max(-9999, one?.logprob ?? 0)]);
      top_logprobs.push(Object.fromEntries(named));
      tokens.push(`token_id:${drawn?.id}`);
      written.push(drawn?.id ?? 0);
    }
    const counted = countsCache ? { cached_tokens } : null;
    const usage = { prompt_tokens: prompt.length, prompt_tokens_details: counted, completion_tokens: tokens.length };
    return { choices: [{ text: "?", logprobs: { tokens, top_logprobs } }], usage };
  };
  const pages: Readonly<Record<string, Page>> = {
    "GET /version": () => ({ version: "0.32.0" }),
    "GET /v1/models": () => ({ data: [{ id: "served", max_model_len: engine.facts.contextSize + 1 }] }),
    "POST /tokenize": ({ prompt }) => ({ tokens: vocabulary.vocabulary.tokenizeAlone(prompt as string) }),
    "POST /v1/completions": complete,
  };
  return await serve(pages, options, () => vocabulary[Symbol.asyncDispose]());
}

interface VllmSays {
  readonly maxLogprobs?: number;
  readonly knowsTokens?: boolean;
  readonly countsCache?: boolean;
}

interface VllmCompletion {
  readonly prompt: readonly Token[];
  readonly max_tokens: number;
  readonly temperature: number;
  readonly logprobs: number;
  readonly logprob_token_ids?: readonly Token[];
  readonly cache_salt?: string;
}

/** Pretends to be SGLang, which keeps all that it has read, token by token. @param says `isRouted`: it stands behind a router, which drops pages and fields */
export async function serveLikeSglang(engine: LlamaEngine, { says = {}, ...options }: ModelServerOptions = {}): Promise<ModelServerStub> {
  const { isRouted = false } = says as { readonly isRouted?: boolean };
  const vocabulary = await loadVocabulary({ model: engine.facts.file });
  const cache = new SharedCache(1);
  const generate: Page = async (body) => {
    const {
      text,
      input_ids: prompt = [],
      top_logprobs_num: most,
      token_ids_logprob: asked,
      extra_key: salt = "",
    } = body as unknown as SglangGenerate;
    if (text !== undefined) {
      const input_token_logprobs = engine.tokenizer
        .renderText("")
        .concat(vocabulary.vocabulary.tokenizeAlone(text))
        .map((id) => [null, id, null]);
      return { text: "?", meta_info: { input_token_logprobs } };
    }
    const told = likeliestFirst(await logitsBehind(engine, prompt));
    const position = (tokens: typeof told) => [tokens.map(({ id, logprob }) => [logprob, id, null])];
    const meta_info = {
      prompt_tokens: prompt.length,
      cached_tokens: cache.read(prompt, salt),
      output_top_logprobs: position(told.slice(0, most)),
      output_token_ids_logprobs: asked === undefined ? null : position(told.filter(({ id }) => asked.includes(id))),
    };
    return { text: "?", meta_info };
  };
  const pages: Readonly<Record<string, Page>> = {
    "GET /get_model_info": () => ({ model_path: "owner/served", is_generation: true }),
    "GET /v1/models": () => ({ data: [{ id: "served", ...(isRouted ? {} : { max_model_len: engine.facts.contextSize + 1 }) }] }),
    ...(isRouted ? {} : { "POST /tokenize": ({ prompt }) => ({ tokens: vocabulary.vocabulary.tokenizeAlone(prompt as string) }) }),
    "POST /generate": generate,
  };
  return await serve(pages, options, () => vocabulary[Symbol.asyncDispose]());
}

interface SglangGenerate {
  readonly text?: string;
  readonly input_ids?: readonly Token[];
  readonly top_logprobs_num: number;
  readonly token_ids_logprob?: readonly Token[];
  readonly extra_key?: string;
}

/** What vLLM allows, however it is started. */
const MOST_NAMED = 128;

/** As many tokens as there are in a block of a vLLM on a GPU. */
const BLOCK = 16;

/** Whole blocks of all that was ever read, for everybody with the same salt. The last token is always computed. */
class SharedCache {
  readonly #block: number;
  readonly #blocks = new Set<string>();

  constructor(block: number) {
    this.#block = block;
  }

  /** Tokens that were found. */
  read(prompt: readonly Token[], salt: string): number {
    let cached = 0;
    for (let end = this.#block; end <= prompt.length; end += this.#block) {
      const block = `${salt}:${prompt.slice(0, end).join()}`;
      if (this.#blocks.has(block) && end < prompt.length) cached = end;
      this.#blocks.add(block);
    }
    return cached;
  }
}

/** What a server answers with status 400. */
class Refusal extends Error {}

interface LlamaCompletion {
  readonly prompt: readonly Token[];
  readonly n_predict: number;
  readonly n_probs: number;
  readonly logit_bias?: readonly (readonly [Token, number])[];
  readonly post_sampling_probs?: boolean;
  readonly id_slot: number;
  readonly cache_prompt: boolean;
}

/** Each slot keeps the prompt that it read last. */
type SlotCache = Map<number, readonly Token[]>;

async function llamaCompletion(engine: Engine, cache: SlotCache, asked: LlamaCompletion): Promise<object> {
  const { prompt, n_predict, n_probs, logit_bias = [], post_sampling_probs = false, id_slot, cache_prompt } = asked;
  const { tokenizer } = engine;
  const kept = cache_prompt ? (cache.get(id_slot) ?? []) : [];
  const parting = prompt.findIndex((token, place) => token !== kept[place]);
  // The last token is always computed.
  const prompt_n = Math.max(1, parting === -1 ? 0 : prompt.length - parting);
  const [tokens, positions]: [Token[], object[]] = [[], []];
  while (tokens.length < n_predict && !tokens.some((token) => tokenizer.isEnd(token))) {
    const logits = await logitsBehind(engine, [...prompt, ...tokens]);
    const biased = [...logits];
    for (const [token, bias] of logit_bias) biased[token] = (biased[token] as number) + bias;
    const drawn = biased.indexOf(biased.reduce((most, logit) => Math.max(most, logit)));
    tokens.push(drawn);
    const most = likeliestFirst(post_sampling_probs ? biased : logits).slice(0, n_probs);
    const probs = most.map(({ id, logprob }) => ({ id, prob: Math.exp(logprob) })).filter(({ prob }) => prob > SMALLEST);
    const position = post_sampling_probs ? { id: drawn, top_probs: probs } : { id: drawn, top_logprobs: most };
    // As the server does: where what it wrote ends in a part of a character, it waits for the rest of it.
    if (!tokenizer.detokenize(tokens, tokenizer.tokenize("a")).endsWith("\uFFFD")) positions.push(position);
  }
  cache.set(id_slot, [...prompt, ...tokens.slice(0, -1)]);
  const told = positions.length === 0 ? {} : { completion_probabilities: positions };
  return { ...told, tokens, timings: { prompt_n, predicted_n: tokens.length } };
}

/** Of all tokens, by their numbers. */
async function logitsBehind(engine: Engine, prefix: readonly Token[]): Promise<readonly number[]> {
  const call = { purpose: "draft", meter: new Meter() } as const;
  const [read] = await engine.next([{ prefix, topK: engine.facts.vocabularySize }], call);
  const logits = new Array<number>(engine.facts.vocabularySize).fill(Number.NEGATIVE_INFINITY);
  for (const { token, logit } of read?.likeliest ?? []) logits[token] = logit;
  return logits;
}

/** All tokens with the logarithms of their probabilities. */
function likeliestFirst(logits: readonly number[]): readonly { readonly id: Token; readonly logprob: number }[] {
  const most = logits.reduce((one, other) => Math.max(one, other));
  const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0)) + most;
  return logits.map((logit, id) => ({ id, logprob: logit - total })).sort((one, other) => other.logprob - one.logprob);
}

async function serve(
  pages: Readonly<Record<string, Page>>,
  { fault, holds, onAsked }: ModelServerOptions,
  close: () => PromiseLike<void>,
): Promise<ModelServerStub> {
  const requests: ModelRequest[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const path = (request.url ?? "").replace(/\?.*/, "");
    const body = request.method === "POST" ? ((await readJson(request)) as ModelRequest["body"]) : {};
    const asked = { path, headers: request.headers, body };
    const at = requests.push(asked) - 1;
    const wrong = fault?.(asked, at);
    onAsked?.(path, (listener) => request.socket.once("close", listener));
    if (path === holds) return;
    if (wrong === "cut") return void request.socket.destroy();
    const page = pages[`${request.method} ${path}`];
    if (typeof wrong === "object") return send(response, wrong);
    if (page === undefined) return send(response, { status: 404, body: JSON.stringify({ error: { message: "File Not Found" } }) });
    const said = JSON.stringify(await page(body));
    if (wrong !== "half") return send(response, { body: said });
    response.writeHead(200, { "content-type": "application/json", "content-length": said.length });
    response.write(said.slice(0, said.length / 2), () => request.socket.destroy());
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      const body = JSON.stringify({ error: { message: error instanceof Error ? error.message : String(error) } });
      send(response, { status: error instanceof Refusal ? 400 : 500, body });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await close();
    },
  };
}

function send(response: ServerResponse, { status = 200, type = "application/json", body }: Exclude<ServerFault, string>): void {
  response.writeHead(status, { "content-type": type }).end(body);
}
