/** The vocabulary of a model from the files of its tokenizer, as Hugging Face has them: where there is no GGUF file of it. */
import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { EngineError } from "../../core/errors.ts";
import { withPeers } from "../../peers/index.ts";
import { failure } from "../llama/failure.ts";
import { fileAddress } from "../llama/fetch-header.ts";
import { chatTemplate } from "../llama/load.ts";
import { HUGGING_FACE, isRemote, isWeb, type ModelRequest } from "../llama/model-file.ts";
import { Vocabulary } from "../llama/vocabulary.ts";
import type { LoadedVocabulary } from "../llama/vocabulary-only.ts";
import { FileTokenizer } from "./file-tokenizer.ts";

/** The file that has to be there; the others stand beside it, and none of them has to. */
const MAIN = "tokenizer.json";

const token = z.int().min(0);
/** What else stands in these files is the library's to read. */
const tokenizerFile = z.looseObject({
  model: z.looseObject({}),
  normalizer: z.unknown().default(null),
  decoder: z.unknown(),
  added_tokens: z
    .array(
      z.looseObject({
        id: token,
        content: z.string(),
        special: z.boolean(),
        lstrip: z.boolean().optional(),
        rstrip: z.boolean().optional(),
      }),
    )
    .default([]),
});
/** Older files say more of a token than its name. */
const tokenName = z.union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)]).nullish();
const tokenizerConfig = z.looseObject({
  bos_token: tokenName,
  eos_token: tokenName,
  add_bos_token: z.boolean().nullish(),
  chat_template: z.union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))]).nullish(),
});
const ends = z.union([token.transform((one) => [one]), z.array(token)]).nullish();
const width = token.optional();
const modelConfig = z.looseObject({ eos_token_id: ends, vocab_size: width, text_config: z.looseObject({ vocab_size: width }).optional() });
const generationConfig = z.looseObject({
  eos_token_id: ends,
  temperature: z.unknown().optional(),
  top_k: z.unknown().optional(),
  top_p: z.unknown().optional(),
  min_p: z.unknown().optional(),
  repetition_penalty: z.unknown().optional(),
});

/** Whether a vocabulary is named by the files of a tokenizer: their folder, or the path or address of the `tokenizer.json` among them. */
export async function isTokenizer(vocabulary: string): Promise<boolean> {
  if (basename(vocabulary) === MAIN) return true;
  return !isRemote(vocabulary) && (await stat(vocabulary).catch(() => undefined))?.isDirectory() === true;
}

/**
 * Reads the vocabulary and the chat template from the files of a tokenizer. Nothing of them is kept.
 *
 * @throws {MissingPeerError} without the package that cuts texts by such files
 * @throws {EngineError} `model-not-found`, `model-unreadable`, `model-unsupported` or `download-failed`
 */
export async function loadTokenizer(request: ModelRequest): Promise<LoadedVocabulary> {
  const library = await withPeers({ "@huggingface/tokenizers": "^0.2.0" }, () => import("@huggingface/tokenizers"));
  const files = new TokenizerFiles(request);
  const json = await files.read(MAIN, tokenizerFile);
  const about = await files.read("tokenizer_config.json", tokenizerConfig);
  const model = await files.read("config.json", modelConfig);
  const generation = await files.read("generation_config.json", generationConfig);
  const source = (await files.text("chat_template.jinja")) ?? templateIn(about.chat_template);
  const parts = () => {
    const special = json.added_tokens.filter((one) => one.special);
    const tokenizer = new library.Tokenizer({ ...json, added_tokens: json.added_tokens.filter((one) => !one.special) }, about);
    const named = (name: string | null | undefined) => special.find(({ content }) => content === name);
    const [begin, end] = [named(about.bos_token), named(about.eos_token)];
    const startsWithBegin = () => new library.Tokenizer(json, about).encode("a").ids[0] === begin?.id;
    return new FileTokenizer({
      tokenizer,
      special,
      // Models are made a little wider than their tokenizers.
      size: model.vocab_size ?? model.text_config?.vocab_size ?? widthOf(tokenizer, special),
      begin,
      startsWithBegin: begin !== undefined && (about.add_bos_token ?? startsWithBegin()),
      end: end?.content,
      ends: new Set([...(end === undefined ? [] : [end.id]), ...(model.eos_token_id ?? []), ...(generation.eos_token_id ?? [])]),
      isByteLevel: JSON.stringify(json.decoder ?? null).includes('"ByteLevel"'),
      chatTemplate: source,
    });
  };
  const made = files.understood(parts);
  return {
    vocabulary: new Vocabulary(made, chatTemplate(source)),
    normalises: json.normalizer !== null,
    model: made,
    name: files.name,
    file: files.path,
    bytes: files.bytes,
    parameters: undefined,
    chatTemplate: source,
    general: { sampling: samplingOf(generation) },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function widthOf(tokenizer: Tokenizer, special: readonly { readonly id: number }[]): number {
  const numbers = [...tokenizer.get_vocab().values(), ...special.map(({ id }) => id)];
  return numbers.reduce((most, number) => Math.max(most, number)) + 1;
}

/** Of several templates the one for plain conversations. */
function templateIn(given: z.infer<typeof tokenizerConfig>["chat_template"]): string | undefined {
  if (typeof given === "string") return given;
  return given?.find(({ name }) => name === "default")?.template;
}

/** By the names that GGUF has for it. */
function samplingOf({ temperature, top_k, top_p, min_p, repetition_penalty }: z.infer<typeof generationConfig>): object {
  return { temp: temperature, top_k, top_p, min_p, penalty_repeat: repetition_penalty };
}

/** The files of one tokenizer, on this machine or on the network. */
class TokenizerFiles {
  /** Of the folder or the repository. */
  readonly name: string;
  /** Path or address of the `tokenizer.json`. */
  readonly path: string;
  /** Read so far. */
  bytes = 0;
  readonly #request: ModelRequest;

  constructor(request: ModelRequest) {
    const { model, hub = HUGGING_FACE } = request;
    this.#request = request;
    this.path = isRemote(model) ? (isWeb(model) ? model : (fileAddress(model, hub) ?? model)) : mainIn(model);
    this.name = isRemote(model) ? model.slice(0, -(MAIN.length + 1)) : basename(dirname(this.path));
  }

  /** `undefined`: there is none. */
  async text(file: string): Promise<string | undefined> {
    const { signal } = this.#request;
    signal?.throwIfAborted();
    const isWeb = isRemote(this.path);
    const text = await (isWeb ? fetched(new URL(file, this.path), signal) : kept(join(dirname(this.path), file))).catch(
      (cause: unknown) => {
        signal?.throwIfAborted();
        throw failure(
          isWeb ? "download-failed" : "model-unreadable",
          `to read ${file} of \`vocabulary\` \`${this.#request.model}\``,
          cause,
        );
      },
    );
    this.bytes += Buffer.byteLength(text ?? "");
    return text;
  }

  /** What stands in a file; one that is not there and need not be says nothing. */
  async read<Said>(file: string, schema: z.ZodType<Said>): Promise<Said> {
    const text = await this.text(file);
    if (text === undefined && file === MAIN)
      throw new EngineError("model-not-found", `Expected \`vocabulary\` to have a ${MAIN}, got none at \`${this.path}\``);
    try {
      return schema.parse(JSON.parse(text ?? "{}"));
    } catch (cause) {
      const reason = cause instanceof z.ZodError ? new Error(z.prettifyError(cause).replaceAll("\n", " ")) : cause;
      throw failure("model-unreadable", `${file} of \`vocabulary\` \`${this.#request.model}\` to be one of a tokenizer`, reason);
    }
  }

  /** @throws {EngineError} `model-unsupported`, for what the library does not know */
  understood<Made>(make: () => Made): Made {
    try {
      return make();
    } catch (cause) {
      throw failure(
        "model-unsupported",
        `a tokenizer of a known kind in \`${this.#request.model}\` (or name a GGUF file of the model)`,
        cause,
      );
    }
  }
}

function mainIn(model: string): string {
  const path = resolve(model);
  return basename(path) === MAIN ? path : join(path, MAIN);
}

async function kept(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cause;
  }
}

async function fetched(address: URL, signal: AbortSignal | undefined): Promise<string | undefined> {
  const response = await fetch(address, { signal: signal ?? null });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`status ${response.status}`);
  return await response.text();
}
