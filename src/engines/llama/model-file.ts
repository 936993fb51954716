/** Finds a model's file and looks at it before llama.cpp does, which would end the whole process over some damaged files. */
import { open, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { GgufFileInfo, Llama } from "node-llama-cpp";
import { EngineError } from "../../core/errors.ts";
import { failure } from "./failure.ts";
import { checkHeader } from "./gguf-header.ts";

export interface ModelFile {
  readonly path: string;
  readonly bytes: number;
  readonly info: GgufFileInfo;
}

/** How far a download is. */
export interface DownloadProgress {
  readonly downloadedBytes: number;
  readonly totalBytes: number;
}

/** What to find, and how. */
export interface ModelRequest {
  readonly model: string;
  /** Where `hf:` names lead. @default Hugging Face itself */
  readonly hub?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onDownload?: ((progress: DownloadProgress) => void) | undefined;
}

/** The same place seen from `src/engines/llama` and from `dist/engines/llama`. */
const EMBEDDED = fileURLToPath(new URL("../../../models/rain-tiny.gguf", import.meta.url));

/** What this llama.cpp reads. */
const GGUF_VERSIONS: readonly number[] = [2, 3];

/** The magic number and the version. */
const BEGINNING_BYTES = 8;

export const HUGGING_FACE = "https://huggingface.co/";

/** What file systems allow, less what the library puts behind the name of an unfinished file. */
const LONGEST_NAME = 200;

/** `hf:owner/repository`, and what may follow. */
const HUB_NAME = /^(hf|huggingface):(\/\/)?[^/:]+\/[^/:]+/;

/**
 * The file of `"embedded"`, a path, or an address such as `hf:owner/repository:quantization`; checked as far as it can be.
 *
 * @param startLlama called once the file is a whole GGUF file: only llama.cpp knows which of them it supports
 */
export async function findModelFile(request: ModelRequest, startLlama: () => Promise<Llama>, needsTensors = true): Promise<ModelFile> {
  const { model, signal } = request;
  const checking = { model, startLlama, signal, needsTensors };
  if (!isRemote(model)) return await checkFile(model === "embedded" ? EMBEDDED : model, checking);
  return await checkFetched(await download(request), checking);
}

/** Checks a file that was fetched, and removes it where it is at fault. */
export async function checkFetched(path: string, checking: Checking): Promise<ModelFile> {
  try {
    return await checkFile(path, checking);
  } catch (cause) {
    // A page that a proxy sent instead, or what fitted on a full disk: kept, it would be found again each time.
    if (isFileAtFault(cause)) await rm(path, { force: true });
    throw cause;
  }
}

/** Whether the file is no whole model. That the system cannot read it now says nothing about the file. */
function isFileAtFault(fault: unknown): boolean {
  if (!(fault instanceof EngineError) || fault.code !== "model-unreadable") return false;
  return !(fault.cause instanceof Error && "syscall" in fault.cause);
}

interface Checking {
  /** As it was asked for. */
  readonly model: string;
  readonly startLlama: () => Promise<Llama>;
  readonly signal: AbortSignal | undefined;
  /** Whether it is to hold more than a vocabulary. */
  readonly needsTensors: boolean;
}

async function checkFile(path: string, { model, startLlama, signal, needsTensors }: Checking): Promise<ModelFile> {
  const bytes = await fileSize(path, model);
  await checkBeginning(path, model);
  const info = await readInfo(path, { model, bytes, signal });
  await checkContent(info, { model, bytes, needsTensors, llama: await startLlama() });
  return { path, bytes, info };
}

async function fileSize(path: string, model: string): Promise<number> {
  const facts = await stat(path).catch((cause: unknown) => {
    throw failure("model-not-found", `\`model\` \`${model}\` to be a GGUF file`, cause);
  });
  if (facts.isFile()) return facts.size;
  const kind = facts.isDirectory() ? "a folder" : "neither a file nor a folder";
  throw new EngineError("model-unreadable", `Expected \`model\` to be a GGUF file, got \`${model}\`, which is ${kind}`);
}

async function checkBeginning(path: string, model: string): Promise<void> {
  checkMagic(await firstBytes(path, model), model);
}

/** @param start the first bytes, eight where there are so many */
export function checkMagic(start: Buffer, model: string): void {
  const magic = start.toString("latin1", 0, 4);
  if (magic !== "GGUF") {
    const complaint = `Expected \`model\` to be a GGUF file, got \`${model}\`, which begins with ${JSON.stringify(magic)}`;
    throw new EngineError("model-unreadable", complaint);
  }
  // A file that ends here has no whole header: reading that says so.
  const version = start.length < BEGINNING_BYTES ? undefined : start.readUInt32LE(4);
  if (version === undefined || GGUF_VERSIONS.includes(version)) return;
  const complaint = `Expected \`model\` to be of GGUF version ${GGUF_VERSIONS.join(" or ")}, got \`${model}\` of version ${version}`;
  throw new EngineError("model-unsupported", complaint);
}

async function firstBytes(path: string, model: string): Promise<Buffer> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(BEGINNING_BYTES), 0, BEGINNING_BYTES, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw failure("model-unreadable", `to read \`model\` \`${model}\``, cause);
  }
}

export async function readInfo(
  path: string,
  { model, bytes, signal }: Pick<Checking, "model" | "signal"> & { bytes: number },
): Promise<GgufFileInfo> {
  const { readGgufFileInfo } = await import("node-llama-cpp");
  try {
    checkHeader(path, bytes);
    return await readGgufFileInfo(path, { sourceType: "filesystem", logWarnings: false, ...(signal === undefined ? {} : { signal }) });
  } catch (cause) {
    signal?.throwIfAborted();
    throw failure("model-unreadable", `\`model\` \`${model}\` to have a whole GGUF header`, cause);
  }
}

/** Whether llama.cpp knows what the header names, and the file is long enough for it: a download or a copy may have stopped early. */
async function checkContent(
  info: GgufFileInfo,
  { model, bytes, needsTensors, llama }: Pick<Checking, "model" | "needsTensors"> & { readonly bytes: number; readonly llama: Llama },
): Promise<void> {
  // A header that was cut short may read as one without any metadata.
  const architecture: unknown = info.metadata?.general?.architecture;
  if (architecture === undefined) {
    throw new EngineError("model-unreadable", `Expected \`model\` \`${model}\` to name its architecture in its header, got none`);
  }
  const tensors = info.tensorInfo ?? [];
  const start = Math.min(...tensors.map(({ fileOffset }) => Number(fileOffset)));
  const { GgufInsights } = await import("node-llama-cpp");
  // Of a model in several parts, this is the first one.
  const insights = await GgufInsights.from({ ...info, fullTensorInfo: tensors }, llama).catch((cause: unknown) => {
    throw failure("model-unsupported", `\`model\` \`${model}\` to hold tensors that llama.cpp knows`, cause);
  });
  if (!insights.isSupportedByLlamaCpp) {
    const expected = "Expected `model` of an architecture that llama.cpp knows";
    throw new EngineError("model-unsupported", `${expected}, got \`${model}\` of architecture \`${architecture}\``);
  }
  if (tensors.length === 0 && !needsTensors) return;
  if (tensors.length === 0) throw new EngineError("model-unreadable", `Expected \`model\` \`${model}\` to hold tensors, got none`);
  // Less what fills the gaps between tensors, which have none in most files. llama.cpp itself sees what is missing of that.
  const needed = start + insights.modelSize;
  if (needed <= bytes) return;
  const complaint = `Expected \`model\` \`${model}\` to be at least ${needed} bytes long, got ${bytes} (it is truncated or damaged)`;
  throw new EngineError("model-unreadable", complaint);
}

/** Where downloads are kept: node-llama-cpp's own folder, so that its programs find them, too. */
export function modelsFolder(): string {
  return join(homedir(), ".node-llama-cpp", "models");
}

/** Whether a model's name stands for a place on the network. */
export function isRemote(model: string): boolean {
  return /^(hf|huggingface|https?):/.test(model);
}

/**
 * Gives the path of the model's file on this machine.
 *
 * @throws {EngineError} when the name or the address is none, or nothing can be fetched from there
 */
async function download(request: ModelRequest): Promise<string> {
  const { model, hub = HUGGING_FACE, signal, onDownload } = request;
  checkAddress(model);
  const here = await downloaded(request);
  if (here !== undefined) return here;
  const { resolveModelFile } = await import("node-llama-cpp");
  try {
    await reach(isWeb(model) ? model : hub, signal);
    let isComing = false;
    const fetching = resolveModelFile(model, {
      ...placeOf(request),
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

/** The path of what was downloaded earlier. `undefined`: nothing, or not all of it. */
export async function downloaded(request: ModelRequest): Promise<string | undefined> {
  const { resolveModelFile } = await import("node-llama-cpp");
  return await resolveModelFile(request.model, { ...placeOf(request), download: false }).catch(() => undefined);
}

function placeOf({ model, hub = HUGGING_FACE }: ModelRequest) {
  const fileName = isWeb(model) ? { fileName: cacheName(model) } : {};
  return { cli: false, directory: modelsFolder(), endpoints: { huggingFace: hub }, ...fileName };
}

/** @throws {EngineError} for what is no address */
export function checkAddress(model: string): void {
  if (isWeb(model) ? URL.canParse(model) : HUB_NAME.test(model)) return;
  const shape = isWeb(model) ? "an address such as https://host/model.gguf" : "a name such as hf:owner/repository:quantization";
  throw new EngineError("model-not-found", `Expected \`model\` to be ${shape}, got \`${model}\``);
}

/** Without a name of its own a file from the web would not be found again offline; with all of its address in it, two files never mix. */
export function cacheName(model: string): string {
  const { host, pathname, hash } = new URL(model);
  return `${host}${pathname}${hash}`.replaceAll(/[^\w.-]/g, "_").slice(-LONGEST_NAME);
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

export function isWeb(model: string): boolean {
  return model.startsWith("http");
}
