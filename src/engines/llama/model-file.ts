/** Finds a model's file and looks at it before llama.cpp does, which would end the whole process over some damaged files. */
import { open, rm, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { GgufFileInfo } from "node-llama-cpp";
import { EngineError } from "../../core/errors.ts";
import { download, isRemote, type ModelRequest } from "./download.ts";
import { failure } from "./failure.ts";
import { checkHeader } from "./gguf-header.ts";
import { tensorEnd } from "./tensor-size.ts";

export interface ModelFile {
  readonly path: string;
  readonly bytes: number;
  readonly info: GgufFileInfo;
}

/** The same place seen from `src/engines/llama` and from `dist/engines/llama`. */
const EMBEDDED = fileURLToPath(new URL("../../../models/rain-tiny.gguf", import.meta.url));

/** What this llama.cpp reads. */
const GGUF_VERSIONS: readonly number[] = [2, 3];

/** The magic number and the version. */
const BEGINNING_BYTES = 8;

/** The file of `"embedded"`, a path, or an address such as `hf:owner/repository:quantization`; checked as far as it can be. */
export async function findModelFile(wish: ModelRequest): Promise<ModelFile> {
  const { model, signal } = wish;
  if (!isRemote(model)) return await checkFile(model === "embedded" ? EMBEDDED : model, model, signal);
  const path = await download(wish);
  try {
    return await checkFile(path, model, signal);
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

async function checkFile(path: string, model: string, signal: AbortSignal | undefined): Promise<ModelFile> {
  const bytes = await fileSize(path, model);
  await checkBeginning(path, model);
  const info = await readInfo(path, { model, bytes, signal });
  await checkArchitecture(info, model);
  checkComplete(info, { model, bytes });
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
  const start = await firstBytes(path, model);
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

interface Header {
  readonly model: string;
  readonly bytes: number;
  readonly signal: AbortSignal | undefined;
}

async function readInfo(path: string, { model, bytes, signal }: Header): Promise<GgufFileInfo> {
  const { readGgufFileInfo } = await import("node-llama-cpp");
  try {
    checkHeader(path, bytes);
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
