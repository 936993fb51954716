import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import type { NextTokenQuery, Token } from "../../core/engine.ts";
import { complaint, EngineError, OptionError } from "../../core/errors.ts";
import { Meter } from "../../core/meter.ts";
import { suggestedSampling } from "../llama/engine.ts";
import type { ModelRequest } from "../llama/model-file.ts";
import { type LoadedVocabulary, loadVocabulary } from "../llama/vocabulary-only.ts";
import { ServerClient } from "./client.ts";
import { RemoteEngine, type RemoteFacts } from "./engine.ts";
import { shakeHands } from "./handshake.ts";
import { isLlamaServer, llamaServer } from "./llama-server.ts";
import { checkRemoteOptions, type RemoteEngineOptions, type SERVERS } from "./options.ts";
import { ServedModel } from "./served-model.ts";
import type { LocalVocabulary, ModelServer, ServerAbout } from "./server.ts";
import { isSglang, sglang } from "./sglang.ts";
import { isTokenizer, loadTokenizer } from "./tokenizer-files.ts";
import { isVllm, vllm } from "./vllm.ts";

const SECONDS = 120;

/**
 * Connects to a server that has loaded a model: texts become tokens here, by the model's own vocabulary, and tokens are drawn here; the server says what
 * the model expects. The server is first asked what it is, and whether it cuts texts into the same tokens.
 *
 * @throws {OptionError} for what cannot be meant, before anything is asked, and where it is not known which vocabulary the model has
 * @throws {EngineError} in one line: `server-unreachable`, `server-busy`, `server-refused`, `server-unreadable`, `vocabulary-mismatch`, and as
 * `loadLlamaEngine` does for the file of the vocabulary
 * @throws {MissingPeerError} for files of a tokenizer, without the package that reads them
 */
export async function connectEngine(options: RemoteEngineOptions): Promise<RemoteEngine> {
  checkRemoteOptions(options);
  const { url, key, timeout = SECONDS, ahead, signal, findJudge, onNotice } = options;
  signal?.throwIfAborted();
  const client = new ServerClient({ url, key, timeout });
  const server = await serverAt(client, options);
  const loaded = await vocabularyOf({ ...pick(options), model: options.vocabulary ?? (await ownFile(client, server.about)) });
  try {
    await shakeHands(server, loaded, signal);
    const vocabularySize = loaded.vocabulary.size;
    const served = new ServedModel(server.open(localVocabulary(loaded)), { isSerial: server.about.isSerial, vocabularySize, ahead });
    const facts = await factsOf({ client, server, loaded, served }, options);
    if (server.about.chatTemplate !== undefined && server.about.chatTemplate.trim() !== (loaded.chatTemplate ?? "").trim())
      onNotice?.(`The server's chat template is another one than that of ${loaded.file}, by which conversations are rendered.`);
    return new RemoteEngine({ facts, loaded, served, findJudge });
  } catch (cause) {
    await loaded[Symbol.asyncDispose]();
    throw cause;
  }
}

async function vocabularyOf(request: ModelRequest): Promise<LoadedVocabulary> {
  return (await isTokenizer(request.model)) ? await loadTokenizer(request) : await loadVocabulary(request);
}

function pick({ hub, signal, onDownload }: RemoteEngineOptions) {
  return { hub, signal, onDownload };
}

/** In the order in which they are asked for. */
const KINDS = {
  "llama-server": { isThere: isLlamaServer, open: llamaServer },
  vllm: { isThere: isVllm, open: vllm },
  sglang: { isThere: isSglang, open: sglang },
} as const satisfies Readonly<Record<Exclude<(typeof SERVERS)[number], "auto">, object>>;

/** @throws {EngineError} `unsupported` for a server of a kind that is not known */
async function serverAt(client: ServerClient, { server = "auto", signal }: RemoteEngineOptions): Promise<ModelServer> {
  for (const [name, { isThere, open }] of Object.entries(KINDS))
    if (server === name || (server === "auto" && (await isThere(client, signal)))) return await open(client, signal);
  const kinds = Object.keys(KINDS).join(", ");
  throw new EngineError("unsupported", `Expected one of ${kinds} at ${client.url}, got a server that answers none of their questions`);
}

/** The file that the server has loaded, if it is on this machine. */
async function ownFile({ url }: ServerClient, about: ServerAbout): Promise<string> {
  const path = about.isFile && isHere(url) ? await realPath(about.model) : undefined;
  if (path !== undefined) return path;
  const expected = `the GGUF file of ${about.model}, which is not on this machine, in any quantisation`;
  throw new OptionError("vocabulary", complaint("vocabulary", expected, undefined), undefined);
}

function isHere(url: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}

async function realPath(path: string): Promise<string | undefined> {
  return await realpath(path).catch(() => undefined);
}

function localVocabulary({ vocabulary, model }: LoadedVocabulary): LocalVocabulary {
  const plainToken = vocabulary.tokenize("a").at(-1) as Token;
  const before = vocabulary.tokenize("a");
  // Special tokens are written by their names, and are whole.
  const isWhole = (token: Token) => !model.detokenize([token], true, before).includes("\uFFFD");
  return { size: vocabulary.size, plainToken, isWhole };
}

interface Connected {
  readonly client: ServerClient;
  readonly server: ModelServer;
  readonly loaded: LoadedVocabulary;
  readonly served: ServedModel;
}

async function factsOf(
  { client, server: { about }, loaded, served }: Connected,
  { contextSize, signal }: RemoteEngineOptions,
): Promise<RemoteFacts> {
  const { vocabulary, file, bytes, name, general, parameters } = loaded;
  const isSame = about.isFile && isHere(client.url) && (await realPath(about.model)) === (await realPath(file));
  return {
    model: name,
    contextSize: longest(about, contextSize),
    vocabularySize: vocabulary.size,
    hasChatTemplate: vocabulary.hasChatTemplate,
    isBaseModel: !vocabulary.hasChatTemplate,
    ...(about.sequences === undefined ? {} : { sequences: about.sequences }),
    isSerial: about.isSerial,
    identity: isSame ? undefined : await identity({ about, loaded, served }, signal),
    sampling: suggestedSampling(general),
    ...(vocabulary.nextTurn === undefined ? {} : { nextTurn: vocabulary.nextTurn }),
    callFormat: vocabulary.callFormat,
    ...(vocabulary.thinking === undefined ? {} : { thinking: vocabulary.thinking }),
    url: client.url,
    server: about.server,
    vocabulary: file,
    ...(isSame ? { file } : {}),
    parameters: about.parameters ?? parameters ?? 0,
    fileBytes: about.bytes ?? bytes,
  };
}

/** @throws {OptionError} where nobody says it */
function longest({ contextSize: there, server }: ServerAbout, wanted: number | undefined): number {
  if (there === undefined && wanted === undefined)
    throw new OptionError("contextSize", complaint("contextSize", `a number of tokens, as ${server} does not say it`, wanted), wanted);
  return Math.min(there ?? Number.POSITIVE_INFINITY, (wanted ?? Number.POSITIVE_INFINITY) - 1);
}

/** Behind these the likeliest token is read: another model, or the same after more training, hardly has all of them in common. */
const BEGINNINGS = [
  "The capital of France is",
  "Once upon a time there was",
  "How do I paint the house? First,",
  "The best thing about winter is",
  "def add(a, b):\n",
  "I am sorry, but",
  "My favourite colour is",
  "She opened the door and",
] as const;

/** By what the server says of its model, and by what the model says. */
async function identity(
  { about, loaded: { vocabulary }, served }: Pick<Connected, "loaded" | "served"> & { readonly about: ServerAbout },
  signal: AbortSignal | undefined,
): Promise<string> {
  const queries = BEGINNINGS.map((text): NextTokenQuery => ({ prefix: vocabulary.renderText(text), topK: 1 }));
  const told = await served.next(queries, { purpose: "prompt", meter: new Meter(), signal });
  const { model, parameters, bytes } = about;
  const known = [model, parameters, bytes, told.map(({ likeliest }) => likeliest[0]?.token)];
  return createHash("sha256").update(JSON.stringify(known)).digest("hex");
}
