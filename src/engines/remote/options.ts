import { between, callback, checkByRules, integerBetween, oneOf, positive, type Rule, signal } from "../../core/check-options.ts";
import type { FindJudge } from "../../core/judge/verdict.ts";
import type { DownloadProgress } from "../llama/model-file.ts";

/** Servers whose ways of asking are known. */
export const SERVERS = ["auto", "llama-server", "vllm", "sglang"] as const;

/** Where a model is served, and what of it is known here. */
export interface RemoteEngineOptions {
  /** Where the server listens, such as `http://127.0.0.1:8080`. A `/v1` behind it may stay. */
  readonly url: string;
  /**
   * The model's vocabulary and chat template: the path of its GGUF file in any quantisation, or an address such as `hf:owner/repository:quantization`, of
   * which the header alone is downloaded. Its numbers are not loaded. Or the files of its tokenizer, as Hugging Face has them: their folder, or the path or
   * address of the `tokenizer.json` (`hf:owner/repository/tokenizer.json`), for which the package `@huggingface/tokenizers` is to be installed.
   * @default the file that the server says it serves, where that is on this machine
   */
  readonly vocabulary?: string | undefined;
  /** Sent as a bearer token. @default none */
  readonly key?: string | undefined;
  /** What listens there. @default "auto": asked */
  readonly server?: (typeof SERVERS)[number] | undefined;
  /** The longest prefix in tokens, and one more. Needed where nobody says it, such as behind a router. @default what the server says; never more than that */
  readonly contextSize?: number | undefined;
  /**
   * So many tokens are asked for at once where an answer is written: the server goes on with the likeliest ones and says how likely others were; tokens are
   * still drawn here, so the text is the same, and the first one that is another than the likeliest is asked behind anew. Fewer requests, more computed.
   * Range [1, 32]. One at a time where they are drawn from more than 64 (`topK`) or under a format, and on SGLang. @default 1
   */
  readonly ahead?: number | undefined;
  /** The longest that one request may take, in seconds. Range [0.1, 3600]. @default 120 */
  readonly timeout?: number | undefined;
  /** Where `hf:` names lead: the address of a mirror of Hugging Face. @default "https://huggingface.co/" */
  readonly hub?: string | undefined;
  /** How the judge of its answers is found where none is named. @default by letters; `connectEngine` of `rain-align/remote` fits one */
  readonly findJudge?: FindJudge | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onDownload?: ((progress: DownloadProgress) => void) | undefined;
  /** What a person should know although it works, in one line. */
  readonly onNotice?: ((message: string) => void) | undefined;
}

const text: Rule = { expected: "a text that is not empty", isMet: (value) => typeof value === "string" && value !== "" };

const RULES: { readonly [Name in keyof Required<RemoteEngineOptions>]: Rule } = {
  url: { expected: "an address such as http://127.0.0.1:8080", isMet: isAddress },
  vocabulary: { expected: "a GGUF file, hf:owner/repo:quant or a folder with a tokenizer.json", isMet: text.isMet },
  key: text,
  server: oneOf(SERVERS),
  contextSize: positive,
  ahead: integerBetween(1, 32),
  timeout: between(0.1, 3600),
  hub: { expected: "the address of a mirror of Hugging Face", isMet: (value) => typeof value === "string" && URL.canParse(value) },
  findJudge: callback,
  signal,
  onDownload: callback,
  onNotice: callback,
};

/** One with a name and a password in it would end up in errors and logs: a key is its own option. */
function isAddress(value: unknown): boolean {
  if (typeof value !== "string" || !URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return /^https?:$/.test(protocol) && username === "" && password === "";
}

/**
 * Refuses what cannot be meant, before anything is asked.
 *
 * @throws {OptionError} for an unknown name (with a guess at the known one) or a value outside its range
 */
export function checkRemoteOptions(options: RemoteEngineOptions): void {
  checkByRules({ ...options, url: options.url ?? null }, RULES);
}
