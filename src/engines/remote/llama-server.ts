import { z } from "zod";
import type { Call, NextTokenQuery, NextTokens, Passage, Prefix, Token, TokenCandidate } from "../../core/engine.ts";
import { EngineError } from "../../core/errors.ts";
import type { ServerClient } from "./client.ts";
import type { LocalVocabulary, ModelServer, ServedModel, ServerAbout } from "./server.ts";
import { SlotTable } from "./slots.ts";

const count = z.number().int().positive();

const props = z.object({
  total_slots: count,
  model_path: z.string(),
  chat_template: z.string().optional(),
  default_generation_settings: z.object({ n_ctx: count }),
});

const models = z.object({
  data: z.tuple(
    [z.object({ meta: z.object({ n_vocab: count, n_params: count.optional(), size: count.optional() }).nullish() })],
    z.unknown(),
  ),
});

const tokenized = z.object({ tokens: z.array(z.number().int()) });

const id = z.number().int().nonnegative();

const completion = z.object({
  // Missing where the token that was drawn, which nobody needs, is a part of a character.
  completion_probabilities: z
    .array(
      z.object({
        top_logprobs: z.array(z.object({ id, logprob: z.number() })).optional(),
        top_probs: z.array(z.object({ id, prob: z.number() })).optional(),
      }),
    )
    .optional(),
  timings: z.object({ prompt_n: z.number().int().nonnegative() }),
});

/** So many of the likeliest tokens are read along where tokens are asked about: what is drawn there next is then known. */
const READ_ALONG = 64;

/** Added to the logits of tokens that are asked about, so that they are among those that are told, and the others can still be told from 0. */
const LIFT = 40;

/** Added to the logit of a token that is to be drawn, whatever the others are: only where that changes no number that is told. */
const DRAWN = 1000;

/** Between the token that is to be drawn and the likeliest one, where all numbers are told as they are after lifting. */
const ABOVE = 45;
const LESS_LIFT = 20;

/** Where a server stops telling how likely tokens are, they are less likely than this: the logarithm of it. */
const FEWER_BELOW = -60;

/** What the server writes for a probability that is too small for its numbers. */
const NEVER = -1e38;

/** Whether llama.cpp's own server listens there. */
export async function isLlamaServer(client: ServerClient, signal: AbortSignal | undefined): Promise<boolean> {
  return await client.finds("props", props, { signal });
}

/** llama.cpp's own server, as its versions of 2026 answer. What it does not do as they do fails at the first request. */
export async function llamaServer(client: ServerClient, signal: AbortSignal | undefined): Promise<ModelServer> {
  const { total_slots, model_path, chat_template, default_generation_settings } = await client.ask("props", props, { signal });
  const { data } = await client.ask("v1/models", models, { signal });
  const { n_vocab, n_params, size } = data[0].meta ?? {};
  const about: ServerAbout = {
    server: "llama-server",
    model: model_path,
    isFile: true,
    // The last place is that of the token that is drawn.
    contextSize: default_generation_settings.n_ctx - 1,
    sequences: total_slots,
    isSerial: true,
    vocabularySize: n_vocab,
    parameters: n_params,
    bytes: size,
    chatTemplate: chat_template,
  };
  return {
    about,
    async tokenize(content, asked) {
      const json = { content, add_special: false, parse_special: false };
      return (await client.ask("tokenize", tokenized, { json, signal: asked })).tokens;
    },
    open: (vocabulary) => new LlamaServer(client, { slots: total_slots, vocabulary }),
  };
}

/** What is known of one prefix. */
interface Answer extends NextTokens {
  readonly prefix: Prefix;
  readonly query: Reading;
}

/** What is read behind a prefix. */
interface Reading {
  readonly topK: number;
  readonly tokens: readonly Token[];
}

/** What the server said, and how many tokens it computed. */
interface Told {
  /** Likeliest first: logarithms of probabilities, of the model itself or as they were lifted. `undefined`: it did not say. */
  readonly candidates: readonly TokenCandidate[] | undefined;
  readonly computed: number;
}

/** One request is one token that the server draws and nobody looks at: what is told is how likely all were. */
class LlamaServer implements ServedModel {
  readonly #client: ServerClient;
  readonly #vocabulary: LocalVocabulary;
  readonly #slots: SlotTable;
  /** What was told last, as many as there are slots, newest first. */
  #answers: Answer[] = [];
  readonly #most: number;

  constructor(client: ServerClient, { slots, vocabulary }: { readonly slots: number; readonly vocabulary: LocalVocabulary }) {
    this.#client = client;
    this.#vocabulary = vocabulary;
    this.#slots = new SlotTable(slots);
    this.#most = slots;
  }

  async next(queries: readonly NextTokenQuery[], call: Call): Promise<NextTokens[]> {
    const told: NextTokens[] = [];
    for (const query of queries) {
      call.signal?.throwIfAborted();
      told.push(await this.#next(query, call));
    }
    return told;
  }

  hold(prefix: Prefix): Disposable {
    return this.#slots.hold(prefix);
  }

  /** One request for each place: the server tells the whole vocabulary where it is asked to. */
  async distributions({ prefix, tokens, isAfresh = false }: Passage, call: Call): Promise<Float32Array[]> {
    const places: Float32Array[] = [];
    for (const [place] of tokens.entries()) {
      call.signal?.throwIfAborted();
      const before = [...prefix, ...tokens.slice(0, place)];
      const reading = { topK: this.#vocabulary.size, isAfresh: isAfresh && place === 0 };
      const candidates = await this.#slots.read(before, (slot) => this.#likeliest(before, { ...reading, slot }, call));
      const logarithms = new Float32Array(this.#vocabulary.size).fill(Number.NEGATIVE_INFINITY);
      for (const { token, logit } of candidates) logarithms[token] = logit;
      places.push(logarithms);
    }
    return places;
  }

  async #next({ prefix, topK = 0, tokens = [], isKept = false }: NextTokenQuery, call: Call): Promise<NextTokens> {
    const query = { topK: Math.min(topK, this.#vocabulary.size), tokens };
    if (isKept) this.#slots.keep(prefix);
    const known = this.#answers.find((answer) => isSame(answer.prefix, prefix) && answersAll(answer, query));
    if (known !== undefined) return pick(known, query);
    const wanted = { topK: Math.min(Math.max(query.topK, READ_ALONG), this.#vocabulary.size), tokens };
    // The array may grow while it is asked about.
    const asked = [...prefix];
    const read = await this.#slots.read(asked, (slot) => this.#read(asked, wanted, slot, call));
    const answer = { ...read, prefix: asked, query: wanted };
    this.#answers = [answer, ...this.#answers].slice(0, this.#most);
    return pick(answer, query);
  }

  async #read(prefix: Prefix, { topK, tokens }: Reading, slot: number, call: Call): Promise<NextTokens> {
    if (tokens.length === 0) return { likeliest: await this.#likeliest(prefix, { topK, slot }, call), logits: [] };
    const biases = new Map(tokens.map((token) => [token, LIFT]));
    const lifted = tokens.every(this.#vocabulary.isWhole) ? await this.#lifted(prefix, { topK, biases, slot }, call) : undefined;
    if (lifted !== undefined && tokens.every((token) => lifted.has(token))) return sorted(lifted, { topK, tokens });
    return await this.#readWithCare(prefix, { topK, tokens }, slot, call);
  }

  /**
   * Where tokens are parts of characters, or too unlikely to be told: the server is made to draw a whole token, whose logit was read before. All
   * numbers are those of one request, so that they can be compared.
   */
  async #readWithCare(prefix: Prefix, { topK, tokens }: Reading, slot: number, call: Call): Promise<NextTokens> {
    const likeliest = await this.#likeliest(prefix, { topK: Math.max(topK, 4 * READ_ALONG), slot }, call);
    const [top] = likeliest;
    const drawn = likeliest.find(({ token }) => this.#vocabulary.isWhole(token));
    if (top === undefined || drawn === undefined) throw unusable();
    const biases = new Map(tokens.map((token) => [token, LESS_LIFT]));
    biases.set(drawn.token, ABOVE + top.logit - drawn.logit);
    const lifted = await this.#lifted(prefix, { topK, biases, slot }, call);
    if (lifted === undefined) throw unusable();
    return sorted(lifted, { topK, tokens });
  }

  /** The logits of the model itself. */
  async #likeliest(
    prefix: Prefix,
    { topK, slot, isAfresh = false }: { readonly topK: number; readonly slot: number; readonly isAfresh?: boolean },
    call: Call,
  ): Promise<readonly TokenCandidate[]> {
    const biases = new Map([[this.#vocabulary.plainToken, DRAWN]]);
    const { candidates, computed } = await this.#ask(
      prefix,
      { n_probs: topK, logit_bias: [...biases], id_slot: slot, cache_prompt: !isAfresh },
      call,
    );
    call.meter.record(call.purpose, computed, 1);
    if (candidates?.length !== topK) throw unusable();
    return candidates;
  }

  /** The logits behind lifting, with the lift taken off again; `undefined`, where the server drew a part of a character. */
  async #lifted(
    prefix: Prefix,
    { topK, biases, slot }: { readonly topK: number; readonly biases: ReadonlyMap<Token, number>; readonly slot: number },
    call: Call,
  ): Promise<ReadonlyMap<Token, number> | undefined> {
    const json = { n_probs: topK + biases.size, logit_bias: [...biases], post_sampling_probs: true, id_slot: slot };
    const { candidates, computed } = await this.#ask(prefix, json, call);
    call.meter.record(call.purpose, computed, 1);
    // Fewer are told where the others are too unlikely for the server's numbers.
    const [least] = candidates?.slice(-1) ?? [];
    if (
      candidates !== undefined &&
      candidates.length < Math.min(json.n_probs, this.#vocabulary.size) &&
      !(least && least.logit < FEWER_BELOW)
    )
      throw unusable();
    return candidates && new Map(candidates.map(({ token, logit }) => [token, logit - (biases.get(token) ?? 0)]));
  }

  async #ask(prompt: Prefix, json: object, { signal }: Call): Promise<Told> {
    const asked = {
      prompt,
      n_predict: 1,
      temperature: 1,
      samplers: ["temperature"],
      cache_prompt: true,
      response_fields: ["completion_probabilities", "timings"],
      ...json,
    };
    const { completion_probabilities, timings } = await this.#client.ask("completion", completion, { json: asked, signal });
    const { top_logprobs, top_probs } = completion_probabilities?.[0] ?? {};
    const isToken = ({ id: token }: { readonly id: Token }) => token < this.#vocabulary.size;
    if (!(top_logprobs ?? top_probs ?? []).every(isToken)) throw unusable();
    const candidates =
      top_logprobs?.map(({ id: token, logprob }) => ({ token, logit: logprob < NEVER ? Number.NEGATIVE_INFINITY : logprob })) ??
      top_probs?.map(({ id: token, prob }) => ({ token, logit: Math.log(prob) }));
    return { candidates, computed: timings.prompt_n };
  }
}

function unusable(): EngineError {
  return new EngineError(
    "server-unreadable",
    "Expected llama-server to say how likely its tokens are, got an answer without (is it of 2026 or newer?)",
  );
}

/** Tokens that the server did not tell are never said. */
function sorted(logits: ReadonlyMap<Token, number>, { topK, tokens }: Reading): NextTokens {
  const all = [...logits].map(([token, logit]) => ({ token, logit }));
  const likeliest = all.sort((left, right) => right.logit - left.logit || left.token - right.token).slice(0, topK);
  return { likeliest, logits: tokens.map((token) => logits.get(token) ?? Number.NEGATIVE_INFINITY) };
}

function isSame(one: Prefix, other: Prefix): boolean {
  return one.length === other.length && one.every((token, place) => token === other[place]);
}

function answersAll({ query }: Answer, { topK, tokens }: Reading): boolean {
  return topK <= query.topK && tokens.every((token) => query.tokens.includes(token));
}

function pick({ likeliest, logits, query }: Answer, { topK, tokens }: Reading): NextTokens {
  return { likeliest: likeliest.slice(0, topK), logits: tokens.map((token) => logits[query.tokens.indexOf(token)] as number) };
}
