/** Finds a model's file and looks at it before llama.cpp does, which would end the whole process over some damaged files. */
import { open, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { GgufFileInfo } from "node-llama-cpp";
import { EngineError } from "../errors.ts";
import { failure } from "./llama-failure.ts";
import { tensorEnd } from "./llama-tensor-size.ts";

/** How far a download is. */
export interface DownloadProgress {
  readonly downloadedBytes: number;
  readonly totalBytes: number;
}

export interface FindModel {
  readonly model: string;
  readonly signal?: AbortSignal | undefined;
  readonly onDownload?: ((progress: DownloadProgress) => void) | undefined;
}

export interface ModelFile {
  readonly path: string;
  readonly bytes: number;
  readonly info: GgufFileInfo;
}

/** The same place seen from `src/core/engine` and from `dist/core/engine`. */
const EMBEDDED = fileURLToPath(new URL("../../../models/rain-tiny.gguf", import.meta.url));

/** Names that stand for a place on the network. */
const REMOTE = /^(hf|huggingface|https?):/;

/** The file of `"embedded"`, a path, or an address such as `hf:owner/repository:quantization`; checked as far as it can be. */
export async function findModelFile(request: FindModel): Promise<ModelFile> {
  const { model, signal } = request;
  const path = REMOTE.test(model) ? await download(request) : model === "embedded" ? EMBEDDED : model;
  const bytes = await fileSize(path, model);
  await checkMagic(path, model);
  const info = await readInfo(path, model, signal);
  await checkArchitecture(info, model);
  checkComplete(info, { model, bytes });
  return { path, bytes, info };
}

async function download({ model, signal, onDownload }: FindModel): Promise<string> {
  const { resolveModelFile } = await import("node-llama-cpp");
  const place = { cli: false, ...(model.startsWith("http") ? { fileName: cacheName(model) } : {}) };
  const here = await resolveModelFile(model, { ...place, download: false }).catch(() => undefined);
  if (here !== undefined) return here;
  try {
    await reach(model, signal);
    const path = await resolveModelFile(model, {
      ...place,
      // What was downloaded stays beside the cache, so that the next attempt goes on where this one stopped.
      deleteTempFileOnCancel: false,
      ...(signal === undefined ? {} : { signal }),
      onProgress: ({ downloadedSize, totalSize }) => onDownload?.({ downloadedBytes: downloadedSize, totalBytes: totalSize }),
    });
    // A download that was cancelled resolves as if it had ended.
    signal?.throwIfAborted();
    return path;
  } catch (cause) {
    signal?.throwIfAborted();
    throw failure("download-failed", `to download \`model\` \`${model}\` (or give the path of a file that is here already)`, cause);
  }
}

/** Without a name of its own a file from the web would not be found again offline; with the host in it, two hosts' files never mix. */
function cacheName(model: string): string {
  const { host, pathname } = new URL(model);
  return `${host}_${pathname.split("/").at(-1)}`.replaceAll(/[^\w.-]/g, "_");
}

/** Fails at once where there is no network: a download would try again for minutes. */
async function reach(model: string, signal: AbortSignal | undefined): Promise<void> {
  const address = model.startsWith("http") ? model : "https://huggingface.co";
  await fetch(address, { method: "HEAD", signal: signal ?? null });
}

async function fileSize(path: string, model: string): Promise<number> {
  try {
    const facts = await stat(path);
    if (facts.isFile()) return facts.size;
  } catch (cause) {
    throw failure("model-not-found", `\`model\` \`${model}\` to be a GGUF file`, cause);
  }
  throw new EngineError("model-unreadable", `Expected \`model\` to be a GGUF file, got \`${model}\`, which is a folder`);
}

async function checkMagic(path: string, model: string): Promise<void> {
  const start = await firstBytes(path, model);
  if (start.toString("latin1") === "GGUF") return;
  throw new EngineError(
    "model-unreadable",
    `Expected \`model\` to be a GGUF file, got \`${model}\`, which begins with ${JSON.stringify(start.toString("latin1"))}`,
  );
}

async function firstBytes(path: string, model: string): Promise<Buffer> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw failure("model-unreadable", `to read \`model\` \`${model}\``, cause);
  }
}

async function readInfo(path: string, model: string, signal: AbortSignal | undefined): Promise<GgufFileInfo> {
  const { readGgufFileInfo } = await import("node-llama-cpp");
  try {
    return await readGgufFileInfo(path, { sourceType: "filesystem", logWarnings: false, ...(signal === undefined ? {} : { signal }) });
  } catch (cause) {
    signal?.throwIfAborted();
    throw failure("model-unreadable", `\`model\` \`${model}\` to have a whole GGUF header`, cause);
  }
}

async function checkArchitecture(info: GgufFileInfo, model: string): Promise<void> {
  const library: object = await import("node-llama-cpp");
  // The list is there when the library runs, but its types do not let it be read.
  const known: unknown = Reflect.get(library, "GgufArchitectureType");
  // A header that was cut short may read as one without any metadata.
  const architecture: unknown = info.metadata?.general?.architecture;
  if (architecture === undefined) {
    throw new EngineError("model-unreadable", `Expected \`model\` \`${model}\` to name its architecture in its header, got none`);
  }
  if (typeof known !== "object" || known === null || Object.values(known).includes(architecture)) return;
  throw new EngineError(
    "model-unsupported",
    `Expected \`model\` of an architecture that llama.cpp knows, got \`${model}\` of architecture \`${architecture}\``,
  );
}

/** A file whose download or copy stopped early ends before its last tensor does. */
function checkComplete(info: GgufFileInfo, { model, bytes }: { model: string; bytes: number }): void {
  const tensors = (info.tensorInfo ?? []).filter(({ filePart }) => filePart === 1);
  const needed = Math.max(0, ...tensors.map(tensorEnd));
  if (tensors.length === 0) throw new EngineError("model-unreadable", `Expected \`model\` \`${model}\` to hold tensors, got none`);
  if (needed <= bytes) return;
  throw new EngineError(
    "model-unreadable",
    `Expected \`model\` \`${model}\` to be at least ${needed} bytes long, got ${bytes} (it is truncated or damaged)`,
  );
}
