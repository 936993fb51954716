import { type DownloadProgress, type LlamaEngine, type LlamaEngineOptions, loadLlamaEngine } from "../llama.ts";
import { note } from "./terminal.ts";

export interface Loading {
  readonly options: LlamaEngineOptions;
  readonly signal: AbortSignal;
  readonly isQuiet: boolean;
}

/** Loads the model; tells on standard error how a download is coming along, and what a person should know. */
export async function loadEngine({ options, signal, isQuiet }: Loading): Promise<LlamaEngine> {
  if (isQuiet) return await loadLlamaEngine({ ...options, signal });
  const progress = new DownloadLine();
  try {
    return await loadLlamaEngine({ ...options, signal, onNotice: note, onDownload: (download) => progress.show(download) });
  } finally {
    progress.end();
  }
}

/** A bar that moves on a terminal; one line every tenth in a file. */
class DownloadLine {
  #tenths = -1;

  show({ downloadedBytes, totalBytes }: DownloadProgress): void {
    const share = totalBytes > 0 ? downloadedBytes / totalBytes : 0;
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
