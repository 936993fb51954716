import { type DownloadProgress, type LlamaEngine, type LlamaEngineOptions, loadLlamaEngine } from "../llama.ts";
import { ShareLine } from "./share-line.ts";
import { note } from "./terminal.ts";

export interface Loading {
  readonly options: LlamaEngineOptions;
  readonly signal: AbortSignal;
  readonly isQuiet: boolean;
}

/** Loads the model; tells on standard error how a download or the fit of a judge is coming along, and what a person should know. */
export async function loadEngine({ options, signal, isQuiet }: Loading): Promise<LlamaEngine> {
  // As llama.cpp's own programs and Hugging Face's are told of a mirror.
  const hub = process.env["MODEL_ENDPOINT"] || process.env["HF_ENDPOINT"] || undefined;
  const loading = { ...options, hub, signal };
  if (isQuiet) return await loadLlamaEngine(loading);
  const progress = new DownloadLine();
  const fit = new ShareLine(FIT);
  const onJudge = (share: number) => fit.show(share);
  try {
    return await loadLlamaEngine({ ...loading, onNotice: note, onDownload: (download) => progress.show(download), onJudge });
  } finally {
    progress.end();
  }
}

/** What is being done while a judge is fitted. */
export const FIT = "Reading labelled answers";
/** A bar that moves on a terminal; one line every tenth in a file. */
class DownloadLine {
  #tenths = -1;

  show({ downloadedBytes, totalBytes }: DownloadProgress): void {
    // Not known yet, and never, if there is nothing to fetch.
    if (totalBytes === 0) return;
    const share = downloadedBytes / totalBytes;
    const tenths = Math.floor(share * 10);
    const line = `Downloading ${"#".repeat(tenths).padEnd(10, ".")} ${Math.floor(share * 100)} % of ${megabytes(totalBytes)}`;
    if (process.stderr.isTTY) process.stderr.write(`\r${line}`);
    else if (tenths !== this.#tenths) note(line);
    this.#tenths = tenths;
  }

  end(): void {
    if (this.#tenths >= 0 && process.stderr.isTTY) process.stderr.write("\n");
  }
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
