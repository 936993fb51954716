import { z } from "zod";
import type { Prefix, Token, TokenCandidate } from "../../core/engine.ts";
import { EngineError } from "../../core/errors.ts";
import { failure } from "../llama/failure.ts";
import type { ServerClient } from "./client.ts";
import type { LocalVocabulary, ModelServer, PrefixReader, PrefixReading, ServerAbout, Told } from "./server.ts";
import { likeliestOf, NO_HOLD, servedModels } from "./token-servers.ts";

const version = z.object({ version: z.string() });

const tokenized = z.object({ tokens: z.array(z.number().int()) });

const completion = z.object({
  choices: z.tuple([z.object({ logprobs: z.object({ top_logprobs: z.array(z.record(z.string(), z.number())) }) })], z.unknown()),
  usage: z.object({
    prompt_tokens: z.number().int(),
    // Only where the server was told to count them.
    prompt_tokens_details: z.object({ cached_tokens: z.number().int().nullish() }).nullish(),
  }),
});

/** What core reads behind each token, and a judge beside it. */
const FEWEST = 64;

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
    open: (vocabulary) => new Vllm(client, model, vocabulary),
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

class Vllm implements PrefixReader {
  readonly #client: ServerClient;
  readonly #model: string;
  readonly #vocabulary: LocalVocabulary;

  constructor(client: ServerClient, model: string, vocabulary: LocalVocabulary) {
    this.#client = client;
    this.#model = model;
    this.#vocabulary = vocabulary;
  }

  hold = NO_HOLD;

  async read(prefix: Prefix, { topK, tokens, salt }: PrefixReading, signal: AbortSignal | undefined): Promise<Told> {
    const ask = (asked: object) => this.#ask({ prompt: prefix, ...(salt === undefined ? {} : { cache_salt: salt }), ...asked }, signal);
    const first = await ask({ logprobs: topK });
    const likeliest = likeliestOf(first.logarithms, topK);
    const missing = tokens.filter((token) => !first.logarithms.has(token));
    if (missing.length === 0)
      return { likeliest, logits: tokens.map((token) => first.logarithms.get(token) as number), ...first, requests: 1 };
    // The prefix is in the cache by now, but for what of it is no whole block.
    const second = await ask({ logprobs: 1, logprob_token_ids: missing });
    if (!missing.every((token) => second.logarithms.has(token)))
      throw new EngineError(
        "unsupported",
        "Expected vLLM to tell of the tokens that it was asked about, got others (it has to be 0.26 or newer)",
      );
    const logits = tokens.map((token) => first.logarithms.get(token) ?? (second.logarithms.get(token) as number));
    return { likeliest, logits, computed: first.computed + second.computed, requests: 2 };
  }

  async #ask(asked: object, signal: AbortSignal | undefined) {
    const json = { ...REQUEST, model: this.#model, ...asked };
    const { choices, usage } = await this.#client.ask("v1/completions", completion, { json, signal });
    const [{ logprobs }] = choices;
    const named = Object.entries(logprobs.top_logprobs[0] ?? {});
    const found = named.map(([name, logarithm]): TokenCandidate => {
      const token = Number(/^token_id:(\d+)$/.exec(name)?.[1] ?? Number.NaN);
      return { token, logit: logarithm <= NEVER ? Number.NEGATIVE_INFINITY : logarithm };
    });
    // Behind the vocabulary there may be places that only fill it up.
    const logarithms = new Map(
      found.filter(({ token }) => token < this.#vocabulary.size).map(({ token, logit }): [Token, number] => [token, logit]),
    );
    return { logarithms, computed: usage.prompt_tokens - (usage.prompt_tokens_details?.cached_tokens ?? 0) };
  }
}
