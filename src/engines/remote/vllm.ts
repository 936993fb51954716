import { z } from "zod";
import type { Prefix, Token } from "../../core/engine.ts";
import { EngineError } from "../../core/errors.ts";
import { failure } from "../llama/failure.ts";
import type { ServerClient } from "./client.ts";
import type { LocalVocabulary, ModelServer, PrefixReader, PrefixReading, ServerAbout, Told } from "./server.ts";
import { likeliestOf, NO_HOLD, servedModels } from "./token-servers.ts";

const version = z.object({ version: z.string() });

const tokenized = z.object({ tokens: z.array(z.number().int()) });

const told = z.object({ tokens: z.tuple([z.string()], z.string()), top_logprobs: z.array(z.record(z.string(), z.number())) });

const completion = z.object({
  choices: z.tuple([z.object({ logprobs: told })], z.unknown()),
  usage: z.object({
    prompt_tokens: z.number().int(),
    completion_tokens: z.number().int(),
    // Only where the server was told to count them.
    prompt_tokens_details: z.object({ cached_tokens: z.number().int().nullish() }).nullish(),
  }),
});

/** What core reads behind each token, and a judge beside it. */
const FEWEST = 64;

/** The most tokens that can be asked about by number in one request. */
const MOST_NAMED = 128;

/** What the server writes for a logarithm that JSON does not have. */
const NEVER = -9999;

/** Whether vLLM listens there. */
export async function isVllm(client: ServerClient, signal: AbortSignal | undefined): Promise<boolean> {
  return await client.finds("version", version, { signal });
}

/**
 * vLLM from 0.26 on. It computes many prefixes at once and keeps whole blocks of them.
 *
 * @throws {EngineError} `unsupported` where it tells too few of the likeliest tokens
 */
export async function vllm(client: ServerClient, signal: AbortSignal | undefined): Promise<ModelServer> {
  const { id: model, max_model_len: length } = await servedModels(client, signal);
  const about: ServerAbout = {
    server: "vllm",
    model,
    isFile: false,
    contextSize: length === undefined ? undefined : length - 1,
    isSerial: false,
  };
  await checkWidth(client, model, signal);
  return {
    about,
    cutsAsHere: false,
    async tokenize(prompt, asked) {
      const json = { model, prompt, add_special_tokens: false };
      return (await client.ask("tokenize", tokenized, { json, signal: asked })).tokens;
    },
    open: (vocabulary) => new Vllm(client, about, vocabulary),
  };
}

/** By default it tells 20 tokens: nothing that is drawn from more could be drawn. */
async function checkWidth(client: ServerClient, model: string, signal: AbortSignal | undefined): Promise<void> {
  const json = { ...REQUEST, model, prompt: [0], logprobs: FEWEST };
  try {
    await client.ask("v1/completions", completion, { json, signal });
  } catch (cause) {
    if (!(cause instanceof EngineError) || cause.code !== "server-refused") throw cause;
    throw failure("unsupported", `vLLM to tell the ${FEWEST} likeliest tokens (start it with --max-logprobs -1)`, cause);
  }
}

/** One token, which nobody looks at. Logarithms are those of the model itself, whatever it is drawn by. */
const REQUEST = {
  max_tokens: 1,
  temperature: 1,
  ignore_eos: true,
  add_special_tokens: false,
  return_tokens_as_token_ids: true,
} as const;

/** The likeliest token of each place, to the end of a text. */
const GOING_ON = { temperature: 0, ignore_eos: false } as const;

class Vllm implements PrefixReader {
  readonly #client: ServerClient;
  readonly #model: string;
  readonly #vocabulary: LocalVocabulary;
  readonly #contextSize: number;

  constructor(client: ServerClient, { model, contextSize = Number.POSITIVE_INFINITY }: ServerAbout, vocabulary: LocalVocabulary) {
    this.#client = client;
    this.#model = model;
    this.#contextSize = contextSize;
    this.#vocabulary = vocabulary;
  }

  hold = NO_HOLD;

  async read(prefix: Prefix, { topK, tokens, salt, ahead = 1 }: PrefixReading, signal: AbortSignal | undefined): Promise<Told> {
    const ask = (asked: object) => this.#ask({ prompt: prefix, ...(salt === undefined ? {} : { cache_salt: salt }), ...asked }, signal);
    // Where it would have to go on behind its context, it refuses.
    const most = Math.min(ahead, this.#contextSize + 1 - prefix.length);
    const { places, computed } = await ask({ logprobs: topK, ...(most > 1 ? { ...GOING_ON, max_tokens: most } : {}) });
    const [first, ...others] = places.map((place) => ({ ...place, likeliest: likeliestOf(place.logarithms, topK) }));
    const { likeliest, logarithms } = first as (typeof others)[number];
    const behind = others.map((place, index) => ({ token: (places[index] as Place).drawn, likeliest: place.likeliest }));
    const missing = tokens.filter((token) => !logarithms.has(token));
    const named = new Map(logarithms);
    let [total, requests] = [computed, 1];
    // The prefix is in the cache by now, but for what of it is no whole block.
    for (let from = 0; from < missing.length; from += MOST_NAMED, requests++) {
      const told = await ask({ logprobs: 1, logprob_token_ids: missing.slice(from, from + MOST_NAMED) });
      for (const [token, logarithm] of told.places[0].logarithms) named.set(token, logarithm);
      total += told.computed;
    }
    if (!tokens.every((token) => named.has(token)))
      throw new EngineError(
        "unsupported",
        "Expected vLLM to tell of the tokens that it was asked about, got others (it has to be 0.26 or newer)",
      );
    return { likeliest, logits: tokens.map((token) => named.get(token) as number), computed: total, requests, places: behind };
  }

  async #ask(asked: object, signal: AbortSignal | undefined) {
    const json = { ...REQUEST, model: this.#model, ...asked };
    const { choices, usage } = await this.#client.ask("v1/completions", completion, { json, signal });
    const [{ logprobs }] = choices;
    const places = logprobs.tokens.map((drawn, place): Place => this.#place(drawn, logprobs.top_logprobs[place] ?? {}));
    const { prompt_tokens, prompt_tokens_details, completion_tokens } = usage;
    // The token that is drawn at last is not read.
    return {
      places: places as [Place, ...Place[]],
      computed: prompt_tokens - (prompt_tokens_details?.cached_tokens ?? 0) + completion_tokens - 1,
    };
  }

  #place(drawn: string, told: Readonly<Record<string, number>>): Place {
    const logarithms = Object.entries(told).map(([name, logarithm]): [Token, number] => [
      tokenNamed(name),
      logarithm <= NEVER ? Number.NEGATIVE_INFINITY : logarithm,
    ]);
    // Behind the vocabulary there may be places that only fill it up.
    return { drawn: tokenNamed(drawn), logarithms: new Map(logarithms.filter(([token]) => token < this.#vocabulary.size)) };
  }
}

/** What was told of one place. */
interface Place {
  /** The token that the server went on with. */
  readonly drawn: Token;
  readonly logarithms: ReadonlyMap<Token, number>;
}

function tokenNamed(name: string): Token {
  return Number(/^token_id:(\d+)$/.exec(name)?.[1] ?? Number.NaN);
}
