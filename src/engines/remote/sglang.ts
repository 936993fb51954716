import { z } from "zod";
import type { Prefix, Token } from "../../core/engine.ts";
import { EngineError } from "../../core/errors.ts";
import type { ServerClient } from "./client.ts";
import type { LocalVocabulary, ModelServer, PrefixReader, PrefixReading, ServerAbout, Told } from "./server.ts";
import { likeliestOf, NO_HOLD, servedModels } from "./token-servers.ts";

const info = z.object({ model_path: z.string() });

const tokenized = z.object({ tokens: z.array(z.number().int()) });

/** For each token that was written: a logarithm, the number of a token, and its text, which is not asked for. */
const positions = z.array(z.array(z.tuple([z.number(), z.number().int()], z.unknown())));

const generated = z.object({
  meta_info: z.object({
    prompt_tokens: z.number().int(),
    cached_tokens: z.number().int(),
    output_top_logprobs: positions,
    output_token_ids_logprobs: positions.nullish(),
  }),
});

/** What is told of a text's own tokens: nothing of how likely the first one was. */
const read = z.object({
  meta_info: z.object({ input_token_logprobs: z.array(z.tuple([z.number().nullable(), z.number().int()], z.unknown())) }),
});

/** Whether SGLang listens there. */
export async function isSglang(client: ServerClient, signal: AbortSignal | undefined): Promise<boolean> {
  return await client.finds("get_model_info", info, { signal });
}

/** SGLang. It computes many prefixes at once and keeps them token by token. */
export async function sglang(client: ServerClient, signal: AbortSignal | undefined): Promise<ModelServer> {
  const { model_path: model } = await client.ask("get_model_info", info, { signal });
  const { max_model_len: length } = await servedModels(client, signal);
  const about: ServerAbout = {
    server: "sglang",
    model,
    isFile: false,
    contextSize: length === undefined ? undefined : length - 1,
    isSerial: false,
  };
  return {
    about,
    cutsAsHere: false,
    tokenize: (prompt, asked) => tokenize(client, prompt, asked),
    open: (vocabulary) => new Sglang(client, vocabulary),
  };
}

/** Routers know no page that cuts texts: behind them a text is read, and what is told of its own tokens. */
async function tokenize(client: ServerClient, prompt: string, signal: AbortSignal | undefined): Promise<readonly Token[]> {
  if (await client.finds("tokenize", tokenized, { json: { prompt: "a", add_special_tokens: false }, signal }))
    return (await client.ask("tokenize", tokenized, { json: { prompt, add_special_tokens: false }, signal })).tokens;
  const json = { text: prompt, sampling_params: SAMPLING, return_logprob: true, logprob_start_len: 0 };
  const { meta_info } = await client.ask("generate", read, { json, signal });
  return meta_info.input_token_logprobs.map(([, token]) => token);
}

/** One token, which nobody looks at, drawn from the model's own logits: what is told are the logarithms of what it is drawn from. */
const SAMPLING = { max_new_tokens: 1, temperature: 1, top_p: 1, top_k: -1, ignore_eos: true } as const;

class Sglang implements PrefixReader {
  readonly #client: ServerClient;
  readonly #vocabulary: LocalVocabulary;

  constructor(client: ServerClient, vocabulary: LocalVocabulary) {
    this.#client = client;
    this.#vocabulary = vocabulary;
  }

  hold = NO_HOLD;

  async read(prefix: Prefix, { topK, tokens, salt }: PrefixReading, signal: AbortSignal | undefined): Promise<Told> {
    const json = {
      input_ids: prefix,
      sampling_params: SAMPLING,
      return_logprob: true,
      top_logprobs_num: topK,
      ...(tokens.length === 0 ? {} : { token_ids_logprob: tokens }),
      ...(salt === undefined ? {} : { extra_key: salt }),
    };
    const { meta_info } = await this.#client.ask("generate", generated, { json, signal });
    const { prompt_tokens, cached_tokens, output_top_logprobs, output_token_ids_logprobs } = meta_info;
    const likeliest = likeliestOf(this.#told(output_top_logprobs[0]), topK);
    const asked = this.#told(output_token_ids_logprobs?.[0]);
    if (!tokens.every((token) => asked.has(token)))
      throw new EngineError("server-unreadable", "Expected SGLang to tell of the tokens that it was asked about, got others");
    return { likeliest, logits: tokens.map((token) => asked.get(token) as number), computed: prompt_tokens - cached_tokens, requests: 1 };
  }

  /** Behind the vocabulary there may be places that only fill it up. */
  #told(position: readonly (readonly [number, number, ...unknown[]])[] = []): ReadonlyMap<Token, number> {
    return new Map(
      position.flatMap(([logarithm, token]): [Token, number][] => (token < this.#vocabulary.size ? [[token, logarithm]] : [])),
    );
  }
}
