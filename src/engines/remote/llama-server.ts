import { z } from "zod";
import type { NextTokens, Prefix, Token, TokenCandidate } from "../../core/engine.ts";
import { EngineError } from "../../core/errors.ts";
import type { ServerClient } from "./client.ts";
import type { LocalVocabulary, ModelServer, PrefixReader, PrefixReading, ServerAbout, Told } from "./server.ts";
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

const tally = id;

const place = z.object({
  id,
  top_logprobs: z.array(z.object({ id, logprob: z.number() })).optional(),
  top_probs: z.array(z.object({ id, prob: z.number() })).optional(),
});

type ToldPlace = z.infer<typeof place>;

const completion = z.object({
  // Missing where the token that was drawn is a part of a character.
  completion_probabilities: z.array(place).optional(),
  tokens: z.array(id).optional(),
  timings: z.object({ prompt_n: tally, predicted_n: tally }),
});

/** In so many of the likeliest tokens a whole one is found. */
const FOUND_IN = 256;

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
    cutsAsHere: true,
    async tokenize(content, asked) {
      const json = { content, add_special: false, parse_special: false };
      return (await client.ask("tokenize", tokenized, { json, signal: asked })).tokens;
    },
    open: (vocabulary) => new LlamaServer(client, { slots: total_slots, vocabulary }),
  };
}

/** One request is one token that the server draws and nobody looks at: what is told is how likely all were. */
class LlamaServer implements PrefixReader {
  readonly #client: ServerClient;
  readonly #vocabulary: LocalVocabulary;
  readonly #slots: SlotTable;

  constructor(client: ServerClient, { slots, vocabulary }: { readonly slots: number; readonly vocabulary: LocalVocabulary }) {
    this.#client = client;
    this.#vocabulary = vocabulary;
    this.#slots = new SlotTable(slots);
  }

  async read(prefix: Prefix, reading: PrefixReading, signal: AbortSignal | undefined): Promise<Told> {
    if (reading.isKept === true) this.#slots.keep(prefix);
    return await this.#slots.read(prefix, (slot) =>
      new SlotReading(this.#client, this.#vocabulary, { prefix, slot, signal }).read(reading),
    );
  }

  hold(prefix: Prefix): Disposable {
    return this.#slots.hold(prefix);
  }
}

/** Where a prefix is read. */
interface Place {
  readonly prefix: Prefix;
  readonly slot: number;
  readonly signal: AbortSignal | undefined;
}

/** The requests that one prefix takes. */
class SlotReading {
  readonly #client: ServerClient;
  readonly #vocabulary: LocalVocabulary;
  readonly #place: Place;
  #computed = 0;
  #requests = 0;

  constructor(client: ServerClient, vocabulary: LocalVocabulary, place: Place) {
    this.#client = client;
    this.#vocabulary = vocabulary;
    this.#place = place;
  }

  async read(reading: PrefixReading): Promise<Told> {
    const told = await this.#read(reading);
    return { ...told, computed: this.#computed, requests: this.#requests };
  }

  async #read({ topK, tokens, isAfresh, ahead = 1 }: PrefixReading): Promise<Omit<Told, "computed" | "requests">> {
    const told = ahead > 1 ? await this.#readAhead(topK, ahead) : undefined;
    if (told !== undefined) return told;
    if (tokens.length === 0) return { likeliest: await this.#likeliest(topK, isAfresh), logits: [] };
    const biases = new Map(tokens.map((token) => [token, LIFT]));
    const lifted = tokens.every(this.#vocabulary.isWhole) ? await this.#lifted(topK, biases) : undefined;
    if (lifted !== undefined && tokens.every((token) => lifted.has(token))) return sorted(lifted, { topK, tokens });
    return await this.#readWithCare({ topK, tokens });
  }

  /**
   * Where tokens are parts of characters, or too unlikely to be told: the server is made to draw a whole token, whose logit was read before. All
   * numbers are those of one request, so that they can be compared.
   */
  async #readWithCare({ topK, tokens }: PrefixReading): Promise<NextTokens> {
    const likeliest = await this.#likeliest(Math.min(Math.max(topK, FOUND_IN), this.#vocabulary.size));
    const [top] = likeliest;
    const drawn = likeliest.find(({ token }) => this.#vocabulary.isWhole(token));
    if (top === undefined || drawn === undefined) throw unusable();
    const biases = new Map(tokens.map((token) => [token, LESS_LIFT]));
    biases.set(drawn.token, ABOVE + top.logit - drawn.logit);
    const lifted = await this.#lifted(topK, biases);
    if (lifted === undefined) throw unusable();
    return sorted(lifted, { topK, tokens });
  }

  /** The server goes on with the likeliest token of each place. `undefined`: that is a part of a character at once, of which it does not tell. */
  async #readAhead(topK: number, ahead: number): Promise<Omit<Told, "computed" | "requests"> | undefined> {
    const { tokens = [], completion_probabilities: told = [] } = await this.#exchange({
      n_probs: topK,
      n_predict: ahead,
      temperature: 0,
      return_tokens: true,
    });
    const parted = tokens.findIndex((token) => !this.#vocabulary.isWhole(token));
    const drawn = parted < 0 ? tokens : tokens.slice(0, parted);
    const places = drawn.map((token, place) => {
      const likeliest = told[place]?.id === token ? this.#candidates(told[place]) : undefined;
      if (likeliest?.length !== topK) throw unusable();
      return { token, likeliest };
    });
    const [first] = places;
    if (first === undefined) return undefined;
    const behind = places.slice(1).map(({ likeliest }, place) => ({ token: drawn[place] as Token, likeliest }));
    return { likeliest: first.likeliest, logits: [], places: behind };
  }

  /** The logits of the model itself. */
  async #likeliest(topK: number, isAfresh = false): Promise<readonly TokenCandidate[]> {
    const biases = [[this.#vocabulary.plainToken, DRAWN]];
    const candidates = await this.#ask({ n_probs: topK, logit_bias: biases, cache_prompt: !isAfresh });
    if (candidates?.length !== topK) throw unusable();
    return candidates;
  }

  /** The logits behind lifting, with the lift taken off again; `undefined`, where the server drew a part of a character. */
  async #lifted(topK: number, biases: ReadonlyMap<Token, number>): Promise<ReadonlyMap<Token, number> | undefined> {
    const most = Math.min(topK + biases.size, this.#vocabulary.size);
    const candidates = await this.#ask({ n_probs: most, logit_bias: [...biases], post_sampling_probs: true });
    if (candidates === undefined) return undefined;
    // Fewer are told where the others are too unlikely for the server's numbers.
    const least = candidates.at(-1)?.logit ?? 0;
    if (candidates.length < most && least > FEWER_BELOW) throw unusable();
    return new Map(candidates.map(({ token, logit }) => [token, logit - (biases.get(token) ?? 0)]));
  }

  /** Likeliest first: logarithms of probabilities, of the model itself or as they were lifted. `undefined`: it did not say. */
  async #ask(request: object): Promise<readonly TokenCandidate[] | undefined> {
    const { completion_probabilities: [told] = [] } = await this.#exchange(request);
    return told && this.#candidates(told);
  }

  async #exchange(request: object): Promise<z.infer<typeof completion>> {
    const { prefix, slot, signal } = this.#place;
    const json = {
      prompt: prefix,
      id_slot: slot,
      n_predict: 1,
      temperature: 1,
      samplers: ["temperature"],
      cache_prompt: true,
      response_fields: ["completion_probabilities", "tokens", "timings"],
      ...request,
    };
    const told = await this.#client.ask("completion", completion, { json, signal });
    // The token that is drawn at last is not read.
    this.#computed += told.timings.prompt_n + Math.max(0, told.timings.predicted_n - 1);
    this.#requests++;
    return told;
  }

  #candidates({ top_logprobs, top_probs }: ToldPlace): readonly TokenCandidate[] | undefined {
    const isToken = ({ id: token }: { readonly id: Token }) => token < this.#vocabulary.size;
    if (!(top_logprobs ?? top_probs ?? []).every(isToken)) throw unusable();
    return (
      top_logprobs?.map(({ id: token, logprob }) => ({ token, logit: logprob < NEVER ? Number.NEGATIVE_INFINITY : logprob })) ??
      top_probs?.map(({ id: token, prob }) => ({ token, logit: Math.log(prob) }))
    );
  }
}

function unusable(): EngineError {
  return new EngineError(
    "server-unreadable",
    "Expected llama-server to say how likely its tokens are, got an answer without (is it of 2026 or newer?)",
  );
}

/** Tokens that the server did not tell are never said. */
function sorted(logits: ReadonlyMap<Token, number>, { topK, tokens }: PrefixReading): NextTokens {
  const all = [...logits].map(([token, logit]) => ({ token, logit }));
  const likeliest = all.sort((left, right) => right.logit - left.logit || left.token - right.token).slice(0, topK);
  return { likeliest, logits: tokens.map((token) => logits.get(token) ?? Number.NEGATIVE_INFINITY) };
}
