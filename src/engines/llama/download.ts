/** Fetches models from the network, once: what was fetched is found again without it. */
import { EngineError } from "../../core/errors.ts";
import { failure } from "./failure.ts";

/** How far a download is. */
export interface DownloadProgress {
  readonly downloadedBytes: number;
  readonly totalBytes: number;
}

/** A model as somebody names it. */
export interface ModelRequest {
  readonly model: string;
  /** Where `hf:` names lead. @default Hugging Face itself */
  readonly hub?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onDownload?: ((progress: DownloadProgress) => void) | undefined;
}

const HUGGING_FACE = "https://huggingface.co/";

/** What file systems allow, less what the library puts behind the name of an unfinished file. */
const LONGEST_NAME = 200;

/** `hf:owner/repository`, and what may follow. */
const HUB_NAME = /^(hf|huggingface):(\/\/)?[^/:]+\/[^/:]+/;

/** Whether a model's name stands for a place on the network. */
export function isRemote(model: string): boolean {
  return /^(hf|huggingface|https?):/.test(model);
}

/**
 * Gives the path of the model's file on this machine.
 *
 * @throws {EngineError} when the name or the address is none, or nothing can be fetched from there
 */
export async function download({ model, hub = HUGGING_FACE, signal, onDownload }: ModelRequest): Promise<string> {
  checkAddress(model);
  const { resolveModelFile } = await import("node-llama-cpp");
  const place = { cli: false, endpoints: { huggingFace: hub }, ...(isWeb(model) ? { fileName: cacheName(model) } : {}) };
  // What is not here, or not all of it, is fetched.
  const here = await resolveModelFile(model, { ...place, download: false }).catch(() => undefined);
  if (here !== undefined) return here;
  try {
    await reach(isWeb(model) ? model : hub, signal);
    let isComing = false;
    const fetching = resolveModelFile(model, {
      ...place,
      // What was downloaded stays beside the cache, so that the next attempt goes on where this one stopped.
      deleteTempFileOnCancel: false,
      ...(signal === undefined ? {} : { signal }),
      onProgress: ({ downloadedSize, totalSize }) => {
        isComing = true;
        onDownload?.({ downloadedBytes: downloadedSize, totalBytes: totalSize });
      },
    });
    // The library does not listen while it asks a hub for a file's name. Once the file is coming, it puts away what has come.
    const path = await endingEarly(fetching, signal, () => !isComing);
    // A download that was cancelled resolves as if it had ended.
    signal?.throwIfAborted();
    return path;
  } catch (cause) {
    signal?.throwIfAborted();
    throw failure("download-failed", `to download \`model\` \`${model}\` (or give the path of a file that is here already)`, cause);
  }
}

function checkAddress(model: string): void {
  if (isWeb(model) ? URL.canParse(model) : HUB_NAME.test(model)) return;
  const shape = isWeb(model) ? "an address such as https://host/model.gguf" : "a name such as hf:owner/repository:quantization";
  throw new EngineError("model-not-found", `Expected \`model\` to be ${shape}, got \`${model}\``);
}

/** Without a name of its own a file from the web would not be found again offline; with all of its address in it, two files never mix. */
function cacheName(model: string): string {
  const { host, pathname } = new URL(model);
  return `${host}${pathname}`.replaceAll(/[^\w.-]/g, "_").slice(-LONGEST_NAME);
}

/** Fails at once where there is no network: a download would try again for minutes. */
async function reach(address: string, signal: AbortSignal | undefined): Promise<void> {
  await fetch(address, { method: "HEAD", signal: signal ?? null });
}

/** The same work; an abort ends the waiting for it where it need not come to an end of its own. */
async function endingEarly<Result>(work: Promise<Result>, signal: AbortSignal | undefined, mayLeave: () => boolean): Promise<Result> {
  return await new Promise<Result>((resolve, reject) => {
    const leave = () => mayLeave() && reject(signal?.reason);
    signal?.addEventListener("abort", leave, { once: true });
    work.then(resolve, reject).finally(() => signal?.removeEventListener("abort", leave));
  });
}

function isWeb(model: string): boolean {
  return model.startsWith("http");
}
