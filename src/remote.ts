/** The engine whose model is served by another program: llama-server, vLLM or SGLang. Importing this loads no native code: `connectEngine` does. */

import { connectEngine as connect } from "./engines/remote/connect.ts";
import type { RemoteEngine } from "./engines/remote/engine.ts";
import type { RemoteEngineOptions } from "./engines/remote/options.ts";
import { type FindJudgeOptions, fittedJudge } from "./judges/index.ts";

/** Where a model is served, and where its judges are kept. */
export interface ConnectOptions extends RemoteEngineOptions {
  /** Where judges are kept that were fitted on labelled answers. @default `~/.cache/rain-align/judges` */
  readonly judgeFolder?: string | undefined;
  /** How far the reading of labelled answers is, when a judge is fitted at its first use. Range [0, 1]. */
  readonly onJudge?: FindJudgeOptions["onProgress"];
}

/**
 * Connects to a server that has loaded a model: texts become tokens here, by the model's own vocabulary, and tokens are drawn here; the server says what
 * the model expects. The judge of its answers is fitted when it is first needed, on labelled answers, and kept (`findJudge`: another way to find it).
 *
 * @throws {OptionError} for what cannot be meant, before anything is asked, and where it is not known which vocabulary the model has
 * @throws {EngineError} in one line that says what was expected and got: `server-unreachable`, `server-busy`, `server-refused`,
 * `server-unreadable`, `vocabulary-mismatch`, and as `loadLlamaEngine` does for the file of the vocabulary
 * @throws {MissingPeerError} for a `vocabulary` from the files of a tokenizer, without the package that reads them
 */
export async function connectEngine({ judgeFolder, onJudge, ...options }: ConnectOptions): Promise<RemoteEngine> {
  const findJudge = fittedJudge({ folder: judgeFolder, onNotice: options.onNotice, onProgress: onJudge });
  return await connect({ findJudge, ...options });
}

export { RemoteEngine, type RemoteFacts } from "./engines/remote/engine.ts";
export { checkRemoteOptions, type RemoteEngineOptions, SERVERS } from "./engines/remote/options.ts";
